/** A process of a bench ends with the one that started it. */
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
