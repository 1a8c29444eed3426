/** A step of a stage, such as `RUN npm ci`. */
export interface DockerStep {
  readonly instruction: string;
  readonly text: string;
}

export interface DockerStage {
  /** Of `FROM ... AS NAME`, or empty. */
  readonly name: string;
  readonly steps: readonly DockerStep[];
}

/** Instructions that the proof carries out, and those that only describe the image. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['COPY', 'RUN', 'WORKDIR', 'ENV', 'USER', 'ENTRYPOINT', 'CMD', 'HEALTHCHECK', 'STOPSIGNAL'],
  ...['VOLUME', 'EXPOSE', 'LABEL'],
]);

/** The stages of a Dockerfile; throws where the proof would leave out a step. */
export function stagesOf(dockerfile: string): DockerStage[] {
  const stages: { name: string; steps: DockerStep[] }[] = [];
  for (const { instruction, text } of stepsOf(dockerfile)) {
    if (instruction === 'ARG' && stages.length === 0) continue;
    if (instruction === 'FROM') {
      stages.push({ name: / AS (\w+)$/i.exec(text)?.[1] ?? '', steps: [] });
    } else if (KNOWN.has(instruction) && stages.length > 0) {
      stages.at(-1)!.steps.push({ instruction, text });
    } else {
      throw new Error(`the proof cannot carry out ${instruction}: teach it in scripts/prove-image`);
    }
  }
  return stages;
}

/** The value of `ARG NAME=VALUE` at the top. */
export function argumentOf(dockerfile: string, name: string): string {
  const step = stepsOf(dockerfile).find(({ text }) => text.startsWith(`${name}=`));
  if (step === undefined) throw new Error(`the Dockerfile has no ARG ${name}`);
  return step.text.slice(name.length + 1);
}

/** Lines without comments, joined where they go on. */
function stepsOf(dockerfile: string): DockerStep[] {
  return dockerfile
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [instruction = '', ...words] = line.split(' ');
      return { instruction, text: words.join(' ').trim() };
    });
}
