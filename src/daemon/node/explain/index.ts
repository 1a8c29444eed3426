/** The answers of a running node to an operator who asks why. Begin with `explanations.ts`. */

export { Explanations } from './explanations.ts';
export { refusalIn, whyAnswer } from './why-answer.ts';
