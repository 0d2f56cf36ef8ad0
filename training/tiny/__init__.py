"""Training of openanomaly-tiny: synthetic operational series, features, network, export, evaluation."""

import os

# The ONNX runtime reports to its maker unless told otherwise before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["ORT_TELEMETRY_DISABLED"] = "1"
