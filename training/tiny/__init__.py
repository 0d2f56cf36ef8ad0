"""Training of openanomaly-tiny: synthetic operational series, features, network, export, evaluation."""
