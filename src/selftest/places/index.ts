import { filePlaces } from './files.ts';
import { helperPlaces } from './helpers.ts';
import { socketPlaces } from './sockets.ts';

export { expandPlace, expandSocket, type PlaceContext, placePatterns } from './expand.ts';
export { filePlaces, helperPlaces, socketPlaces };
