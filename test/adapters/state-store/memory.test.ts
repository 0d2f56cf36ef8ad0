import { openMemoryStateStore } from '../../../src/adapters/state-store/memory.ts';
import { stateStoreContract } from '../../contract/state-store.ts';

stateStoreContract(async () => openMemoryStateStore());
