export { announceTopic } from './constants.ts';
