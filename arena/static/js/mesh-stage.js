/** The 3D stage itself: three.js, loaded only when a page has something to draw. */
import * as THREE from "three";
import { RoomEnvironment } from "three/addons/environments/RoomEnvironment.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { Looks } from "./mesh-looks.js";
import { FARTHEST, FIELD, standpoint } from "./mesh-pose.js";

/** @typedef {import("./mesh-looks.js").Mode} Mode */
/** @typedef {import("./mesh-pose.js").Pose} Pose */

/** Backdrop of every object, in every mode and in both themes. */
const BACKDROP = 0xd9d8d4;

/** Blur of the room that lights every object, so that no edge of a lamp is mirrored. */
const ROOM_BLUR = 0.04;

/**
 * @typedef {object} MeshStage
 * @property {(pose: Pose) => void} look draw from there, at the next frame
 * @property {(mode: Mode) => void} show draw so, at the next frame
 * @property {() => void} dispose
 */

/**
 * Draw a GLB file in a frame; resolves when the object has been drawn once.
 * @param {HTMLElement} frame
 * @param {string} url
 * @param {{pose: Pose, mode: Mode, onLost: () => void, onBack: () => void}} options
 * `onLost` is called when the browser takes the context away, `onBack` when it is drawn again
 * @returns {Promise<MeshStage>}
 */
export async function openStage(frame, url, { pose, mode, onLost, onBack }) {
  const object = await loadObject(url);
  const looks = new Looks(object);
  const renderer = new THREE.WebGLRenderer({ antialias: true });
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.toneMapping = THREE.NeutralToneMapping;
  const canvas = renderer.domElement;
  const scene = new THREE.Scene();
  scene.background = new THREE.Color(BACKDROP);
  let light = roomLight(renderer);
  scene.environment = light.texture;
  scene.add(object);
  const camera = new THREE.PerspectiveCamera(THREE.MathUtils.radToDeg(FIELD), 1, 0.01, FARTHEST + 3);

  let asked = 0;
  let isLost = false;
  const render = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    if (!isLost) renderer.render(scene, camera);
  };
  const ask = () => {
    asked ||= requestAnimationFrame(render);
  };
  /** @param {Pose} from */
  const look = (from) => {
    camera.position.set(...standpoint(from));
    camera.lookAt(...from.target);
    ask();
  };
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = frame;
    if (width === 0 || height === 0) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    // In an upright frame the width decides, so that the object never stands over its edges.
    const half = Math.atan(Math.tan(FIELD / 2) / Math.min(1, camera.aspect));
    camera.fov = THREE.MathUtils.radToDeg(2 * half);
    camera.updateProjectionMatrix();
    render();
  };

  const lost = () => {
    isLost = true;
    onLost();
  };
  const back = () => {
    isLost = false;
    // What was computed on the graphics card is gone; files are sent to it again by three.
    light = roomLight(renderer);
    scene.environment = light.texture;
    render();
    onBack();
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", back);

  frame.prepend(canvas);
  looks.show(mode);
  look(pose);
  const watch = new ResizeObserver(fit);
  watch.observe(frame);
  fit();

  return {
    look,
    show(next) {
      looks.show(next);
      ask();
    },
    dispose() {
      cancelAnimationFrame(asked);
      watch.disconnect();
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", back);
      looks.dispose();
      light.dispose();
      renderer.dispose();
      if (!isLost) renderer.forceContextLoss();
      canvas.remove();
    },
  };
}

/** @param {THREE.WebGLRenderer} renderer */
function roomLight(renderer) {
  const room = new RoomEnvironment();
  const maker = new THREE.PMREMGenerator(renderer);
  const light = maker.fromScene(room, ROOM_BLUR);
  maker.dispose();
  room.dispose();
  return light;
}

/**
 * Load a GLB, centred and scaled into the unit sphere.
 * @param {string} url
 * @returns {Promise<THREE.Object3D>}
 */
async function loadObject(url) {
  const loader = new GLTFLoader();
  loader.register((parser) => {
    // The default loader fetches blob: addresses, which the page's policy refuses; <img> may use them.
    parser.textureLoader = new THREE.TextureLoader(parser.options.manager);
    return { name: "AGON_image_textures" };
  });
  const { scene } = await loader.loadAsync(url);
  const box = new THREE.Box3().setFromObject(scene);
  if (box.isEmpty()) throw new Error(`${url} holds nothing that can be drawn`);
  const centre = box.getCenter(new THREE.Vector3());
  const radius = reach(scene, centre);
  const holder = new THREE.Group();
  scene.position.sub(centre);
  holder.add(scene);
  holder.scale.setScalar(1 / Math.max(radius, Number.EPSILON));
  return holder;
}

/**
 * The distance of the farthest vertex from a point. A box's own sphere is up to √3 too large, by an
 * amount that depends on the shape, and objects would be shown in unlike sizes.
 * @param {THREE.Object3D} object
 * @param {THREE.Vector3} centre
 */
function reach(object, centre) {
  let most = 0;
  const vertex = new THREE.Vector3();
  object.traverse((mesh) => {
    if (!(mesh instanceof THREE.Mesh)) return;
    const places = mesh.geometry.getAttribute("position");
    for (let index = 0; index < places.count; index += 1) {
      vertex.fromBufferAttribute(places, index).applyMatrix4(mesh.matrixWorld);
      most = Math.max(most, vertex.distanceToSquared(centre));
    }
  });
  return Math.sqrt(most);
}
