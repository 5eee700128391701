import type { Path, Step } from '../types.ts';
import { accepted } from './accepted.ts';
import { agents } from './agents.ts';
import { box, boxCommand, hosts } from './box.ts';
import { credentials, managers, vault } from './credentials.ts';
import { data } from './data.ts';
import { environments } from './environments.ts';
import { guards } from './guards.ts';
import { managed } from './managed.ts';
import { monitoring } from './monitoring.ts';
import { neverTouch, neverTouchAddress } from './never-touch.ts';
import { refused } from './refused.ts';
import { branches, identity, owners, reviews } from './repository.ts';
import { review } from './review.ts';
import { ci, scanning } from './scanning.ts';
import { privatePart, systems } from './systems.ts';

/** Every question, in the order in which they are asked. Adding one is a file and a line here. */
export const steps: readonly Step[] = [
  agents,
  neverTouch,
  neverTouchAddress,
  systems,
  data,
  environments,
  privatePart,
  managers,
  vault,
  credentials,
  box,
  boxCommand,
  hosts,
  refused,
  guards,
  branches,
  reviews,
  owners,
  identity,
  ci,
  scanning,
  review,
  monitoring,
  managed,
  accepted,
];

/** The questions of a path. */
export function stepsOf(path: Path): readonly Step[] {
  return steps.filter(step => step.paths.includes(path));
}
