// The real thread, but for requests that order it to die. Both listen before the first message comes.
import './deadly-orders.mjs';
import '../../../dist/adapters/receive/decode/worker.js';
