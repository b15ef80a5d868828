// A feed as the program serves one, by ws itself, and right but for what is asked to be wrong with it.
const { once } = require("events");
const { WebSocket, WebSocketServer } = require("ws");

class FeedServer {
    constructor(messageMax, wrong) {
        this.how = {
            token: "a token", ticketUses: 1, isOpen: false,
            isBinary: false, isQuiet: false, takesBinary: false, endsWith: undefined,
            first: { type: "initial", checkIns: [], events: [], unread: 0, position: "1" },
            ...wrong,
        };
        this.tickets = new Map();
        this.server = new WebSocketServer({
            host: "127.0.0.1", port: 0, maxPayload: messageMax, perMessageDeflate: false,
            verifyClient: ({ req }) => this.admits(req), ...wrong,
        });
        this.server.on("connection", (socket) => this.serve(socket));
    }

    async started() {
        await once(this.server, "listening");
        return this;
    }

    stop() {
        for (const socket of this.server.clients) socket.terminate();
        this.server.close();
    }

    admits(request) {
        const { isOpen, token } = this.how;
        const ticket = new URL(request.url, "http://any").searchParams.get("ticket");
        const usesLeft = this.tickets.get(ticket) ?? 0;
        this.tickets.set(ticket, usesLeft - 1);
        return isOpen || usesLeft > 0 || request.headers.authorization === `Bearer ${token}`;
    }

    serve(socket) {
        const { first, isBinary, takesBinary, endsWith } = this.how;
        if (endsWith) socket.close = () => WebSocket.prototype.close.call(socket, endsWith);
        socket.on("error", () => undefined); // of a client that is wrong: ws has told it
        socket.on("message", (_, binary) => binary && !takesBinary && socket.close(1003));
        if (first) socket.send(JSON.stringify(first), { binary: isBinary });
    }

    // Where a reader finds it.
    at(patienceMs) {
        return {
            feed: `ws://127.0.0.1:${this.server.address().port}`, token: "a token", patienceMs,
            newTicket: async () => {
                const ticket = `ticket-${this.tickets.size}`;
                this.tickets.set(ticket, this.how.ticketUses);
                return ticket;
            },
            sendMessage: async (content) => {
                const frame = JSON.stringify({ type: "new_message", message: { content } });
                if (!this.how.isQuiet) for (const socket of this.server.clients) socket.send(frame);
            },
        };
    }
}

module.exports = { FeedServer };
