/**
 * Keeps the ONNX runtime from reporting to its maker: it writes an identifier of the machine and uploads events unless told
 * otherwise before it is loaded (https://github.com/microsoft/onnxruntime/pull/27379). To be called on the main
 * thread: what a worker thread sets is seen by itself alone, and not by native code.
 */
export function silenceRuntime(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // The same under the name that other versions know.
  process.env['ORT_TELEMETRY_DISABLED'] = '1';
}
