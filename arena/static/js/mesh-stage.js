/** The 3D stage itself: three.js, loaded only when a page has something to draw. */
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { RoomEnvironment } from "three/addons/environments/RoomEnvironment.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

/** Vertical angle of view in degrees: long enough a lens that shapes are not distorted. */
const FIELD_DEG = 30;

/** Where every object is first seen from: three quarters, a little from above. */
const FIRST_VIEW = new THREE.Vector3(0.85, 0.5, 1).normalize();

/** Free space around the object, as a part of its bounding sphere. */
const MARGIN = 1.08;

/** Backdrop of every object, in both themes. */
const BACKDROP = 0xd9d8d4;

/**
 * @typedef {object} MeshStage
 * @property {(azimuth: number, polar: number) => void} turn radians
 * @property {(factor: number) => void} zoom of the distance; under 1 comes nearer
 * @property {() => void} reset
 * @property {() => void} dispose
 */

/**
 * Draw a GLB file in a frame; resolves when the object has been drawn once.
 * @param {HTMLElement} frame
 * @param {string} url
 * @returns {Promise<MeshStage>}
 */
export async function openStage(frame, url) {
  const object = await loadObject(url);
  const renderer = new THREE.WebGLRenderer({ antialias: true });
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.toneMapping = THREE.NeutralToneMapping;
  const scene = new THREE.Scene();
  scene.background = new THREE.Color(BACKDROP);
  const room = new RoomEnvironment();
  const maker = new THREE.PMREMGenerator(renderer);
  const light = maker.fromScene(room, 0.04);
  scene.environment = light.texture;
  maker.dispose();
  room.dispose();
  scene.add(object);

  const camera = new THREE.PerspectiveCamera(FIELD_DEG, 1, 0.01, 100);
  const distance = MARGIN / Math.sin(THREE.MathUtils.degToRad(FIELD_DEG / 2));
  const controls = new OrbitControls(camera, renderer.domElement);
  controls.enablePan = false;
  controls.minDistance = distance / 4;
  controls.maxDistance = distance * 2.5;
  // A page must still scroll under the finger and the wheel.
  renderer.domElement.style.touchAction = "pan-y";
  controls.enableZoom = false;
  const allowZoom = () => {
    controls.enableZoom = frame.matches(":focus-within");
  };
  frame.addEventListener("focusin", allowZoom);
  frame.addEventListener("focusout", () => {
    controls.enableZoom = false;
  });
  renderer.domElement.addEventListener("pointerdown", () => frame.focus({ preventScroll: true }));

  const render = () => renderer.render(scene, camera);
  const reset = () => {
    controls.target.set(0, 0, 0);
    camera.position.copy(FIRST_VIEW).multiplyScalar(distance);
    controls.update();
    render();
  };
  const fit = () => {
    const { width, height } = frame.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    render();
  };
  controls.addEventListener("change", render);
  renderer.domElement.addEventListener("webglcontextrestored", render);
  frame.replaceChildren(renderer.domElement);
  const watch = new ResizeObserver(fit);
  watch.observe(frame);
  fit();
  reset();

  /** @param {(place: THREE.Spherical) => void} change */
  const move = (change) => {
    const place = new THREE.Spherical().setFromVector3(camera.position);
    change(place);
    place.radius = THREE.MathUtils.clamp(place.radius, controls.minDistance, controls.maxDistance);
    place.makeSafe();
    camera.position.setFromSpherical(place);
    controls.update();
    render();
  };

  return {
    turn: (azimuth, polar) =>
      move((place) => {
        place.theta += azimuth;
        place.phi += polar;
      }),
    zoom: (factor) =>
      move((place) => {
        place.radius *= factor;
      }),
    reset,
    dispose() {
      watch.disconnect();
      controls.dispose();
      disposeObject(object);
      light.dispose();
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
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
  const sphere = box.getBoundingSphere(new THREE.Sphere());
  const holder = new THREE.Group();
  scene.position.sub(sphere.center);
  holder.add(scene);
  holder.scale.setScalar(1 / Math.max(sphere.radius, Number.EPSILON));
  return holder;
}

/** @param {THREE.Object3D} object */
function disposeObject(object) {
  object.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    part.geometry.dispose();
    const materials = Array.isArray(part.material) ? part.material : [part.material];
    for (const material of materials) {
      for (const value of Object.values(material)) {
        if (value instanceof THREE.Texture) value.dispose();
      }
      material.dispose();
    }
  });
}
