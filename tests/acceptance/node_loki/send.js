// Logs by winston-loki and pino-loki to the address that is given.
const pino = require("pino");
const winston = require("winston");
const LokiTransport = require("winston-loki");

const host = process.argv[2];

async function byWinston(json) {
  const transport = new LokiTransport({
    host, json, labels: { app: json ? "winston-json" : "winston-protobuf" }, batching: true, interval: 1,
    replaceTimestamp: false, format: winston.format.simple(), onConnectionError: (error) => { console.error(error); },
  });
  const logger = winston.createLogger({ transports: [transport] });
  for (let number = 0; number < 20; number += 1) {
    logger.info(`line ${number} grüße`, { labels: { kind: "test" } });
  }
  await transport.flush();
  logger.close();
}

async function byPino() {
  const transport = pino.transport({
    target: "pino-loki",
    options: { host, batching: { interval: 1 }, labels: { app: "pino" }, structuredMetaKey: "meta", silenceErrors: false },
  });
  const logger = pino({ level: "debug" }, transport);
  for (let number = 0; number < 20; number += 1) {
    logger.warn({ number, meta: { user: "u1" } }, `line ${number}`);
  }
  await new Promise((resolve) => { transport.on("close", resolve); transport.end(); });
}

(async () => {
  await byWinston(true);
  await byWinston(false);
  await byPino();
  process.exit(0);
})();
