import { Server as NetServer, type Server, type Socket } from 'node:net';

/**
 * The connections of a server and how many answers each is in the middle of. Node's own close of an HTTP server cuts
 * answers that were handed over but are still on their way, as a page of megabytes is for a while.
 */
export class Connections {
  readonly #underWay = new Map<Socket, number>();
  #isClosing = false;

  /** @param connected the event that brings the socket requests will name: `connection`, or `secureConnection` */
  watch(server: Server, connected: 'connection' | 'secureConnection'): void {
    server.on(connected, (socket: Socket) => {
      this.#underWay.set(socket, 0);
      socket.once('close', () => this.#underWay.delete(socket));
    });
  }

  begin(socket: Socket): void {
    this.#underWay.set(socket, (this.#underWay.get(socket) ?? 0) + 1);
  }

  /** The answer was sent to its last byte, or never will be. */
  end(socket: Socket): void {
    const left = (this.#underWay.get(socket) ?? 1) - 1;
    if (socket.destroyed) return;
    this.#underWay.set(socket, left);
    if (this.#isClosing && left === 0) socket.destroySoon();
  }

  /** Stops listening and closes what waits for a next request; resolves when all is closed, after `cutAfterMs` by force. */
  async close(servers: readonly Server[], cutAfterMs: number): Promise<void> {
    this.#isClosing = true;
    // The close of net.Server only stops listening, which is the part of http.Server's that is wanted.
    const closed = servers.map(
      (server) => new Promise<void>((done) => NetServer.prototype.close.call(server, () => done())),
    );
    for (const [socket, answers] of this.#underWay) if (answers === 0) socket.destroySoon();
    const cut = setTimeout(() => {
      for (const socket of this.#underWay.keys()) socket.destroy();
    }, cutAfterMs);
    await Promise.all(closed);
    clearTimeout(cut);
  }
}
