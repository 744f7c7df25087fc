// @ts-check
/** The pictures of this battle are on the server: the browser need not keep them. */
import { keepImages } from "./prompt-images-kept.js";

void keepImages([]);
