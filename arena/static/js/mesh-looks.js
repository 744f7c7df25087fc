/** The five ways to show a 3D object: as it was made, or with one material that is alike for all. */
import * as THREE from "three";

/** @typedef {"textured" | "clay" | "wireframe" | "normals" | "silhouette"} Mode */

const CLAY = 0x8c8983;
const FILL = 0xb4b1aa;
const EDGE = 0x1b1b1f;
const SHADOW = 0x24242a;

/** Under this opacity nothing of a see-through material is seen; from it on, its shape is shown. */
const SEEN = 0.02;

const VERTEX = /* glsl */ `
  varying vec3 vNormal;
  varying vec3 vPlace;
  #ifdef CUT_BY_MAP
    varying vec2 vAt;
  #endif
  #ifdef USE_COLOR_ALPHA
    varying float vOpacity;
  #endif
  void main() {
    vNormal = normalMatrix * normal;
    vec4 place = modelViewMatrix * vec4(position, 1.0);
    vPlace = place.xyz;
    #ifdef CUT_BY_MAP
      vAt = uv;
    #endif
    #ifdef USE_COLOR_ALPHA
      vOpacity = color.a;
    #endif
    gl_Position = projectionMatrix * place;
  }
`;

const FRAGMENT = /* glsl */ `
  varying vec3 vNormal;
  varying vec3 vPlace;
  uniform vec3 ink;
  uniform float solid;
  uniform float cut;
  #ifdef CUT_BY_MAP
    varying vec2 vAt;
    uniform sampler2D map;
  #endif
  #ifdef USE_COLOR_ALPHA
    varying float vOpacity;
  #endif
  void main() {
    float seen = solid;
    #ifdef CUT_BY_MAP
      seen *= texture2D(map, vAt).a;
    #endif
    #ifdef USE_COLOR_ALPHA
      seen *= vOpacity;
    #endif
    if (seen < cut) discard;
    #ifdef IS_FLAT
      vec3 towards = normalize(cross(dFdx(vPlace), dFdy(vPlace)));
    #else
      vec3 towards = normalize(vNormal) * (gl_FrontFacing ? 1.0 : -1.0);
    #endif
    #if SHOWS == 0
      gl_FragColor = vec4(ink, 1.0);
    #elif SHOWS == 1
      gl_FragColor = vec4(ink * (0.82 + 0.18 * towards.z), 1.0);
    #else
      gl_FragColor = vec4(towards * 0.5 + 0.5, 1.0);
    #endif
  }
`;

/** What the fragment shader shows: one colour, one colour shaded a little, or directions. */
const SHOWS = { silhouette: 0, wireframe: 1, normals: 2 };

/** Shows one object in one mode at a time; makes what a mode needs when it is first asked for. */
export class Looks {
  /** @type {Array<{mesh: THREE.Mesh, own: THREE.Material}>} */
  #parts = [];
  /** @type {Map<string, THREE.Material>} */
  #made = new Map();
  /** @type {THREE.Mesh[]} */
  #edges = [];

  /** @param {THREE.Object3D} object */
  constructor(object) {
    object.traverse((mesh) => {
      if (!(mesh instanceof THREE.Mesh)) return;
      const own = Array.isArray(mesh.material) ? mesh.material[0] : mesh.material;
      // What a model leaves out must not decide what is seen of its object.
      own.side = THREE.DoubleSide;
      mesh.material = own;
      this.#parts.push({ mesh, own });
    });
  }

  /** @param {Mode} mode */
  show(mode) {
    for (const { mesh, own } of this.#parts) {
      mesh.material = mode === "textured" ? own : this.#plain(mode, mesh, own);
    }
    if (mode === "wireframe" && this.#edges.length === 0) this.#draw();
    for (const edges of this.#edges) edges.visible = mode === "wireframe";
  }

  dispose() {
    for (const material of this.#made.values()) material.dispose();
    for (const { mesh, own } of this.#parts) {
      mesh.geometry.dispose();
      for (const value of Object.values(own)) {
        if (value instanceof THREE.Texture) value.dispose();
      }
      own.dispose();
    }
  }

  /**
   * @param {Exclude<Mode, "textured">} mode
   * @param {THREE.Mesh} mesh
   * @param {THREE.Material} own
   */
  #plain(mode, mesh, own) {
    const key = `${mode} ${own.uuid}`;
    const made = this.#made.get(key);
    if (made) return made;
    const cut = cutOf(own, mesh.geometry);
    const material = mode === "clay" ? clay(cut) : plain(mode, cut);
    this.#made.set(key, material);
    return material;
  }

  /** Lay the edges over the object. three makes their index from the triangles when it draws them. */
  #draw() {
    const material = new THREE.MeshBasicMaterial({
      color: EDGE,
      wireframe: true,
      transparent: true,
      opacity: 0.3,
      depthWrite: false,
      toneMapped: false,
    });
    this.#made.set("edges", material);
    for (const { mesh } of this.#parts) {
      const edges = new THREE.Mesh(mesh.geometry, material);
      mesh.add(edges);
      this.#edges.push(edges);
    }
  }
}

/**
 * Which parts of a surface are holes: leaves on a card, a fence in a picture.
 * @typedef {object} Cut
 * @property {THREE.Texture | null} map holds the opacity
 * @property {boolean} byVertex whether the vertices have an opacity too
 * @property {boolean} isFlat whether the surface has no normals
 * @property {number} solid opacity of the whole material
 * @property {number} least opacity that is shown
 */

/**
 * @param {THREE.Material} own
 * @param {THREE.BufferGeometry} geometry
 * @returns {Cut}
 */
function cutOf(own, geometry) {
  const isFlat = !geometry.hasAttribute("normal");
  const isCut = own.alphaTest > 0 || own.transparent;
  if (!isCut) return { map: null, byVertex: false, isFlat, solid: 1, least: 0 };
  const map = "map" in own && own.map instanceof THREE.Texture ? own.map : null;
  return {
    map: geometry.hasAttribute("uv") ? map : null,
    byVertex: own.vertexColors && geometry.getAttribute("color")?.itemSize === 4,
    isFlat,
    solid: own.opacity,
    least: own.alphaTest > 0 ? own.alphaTest : SEEN,
  };
}

/**
 * One neutral material in the same light as the textured view.
 * @param {Cut} cut
 */
function clay(cut) {
  const material = new THREE.MeshStandardMaterial({
    color: CLAY,
    roughness: 0.85,
    metalness: 0,
    side: THREE.DoubleSide,
    map: cut.map,
    vertexColors: cut.byVertex,
    flatShading: cut.isFlat,
    opacity: cut.solid,
    alphaTest: cut.least,
  });
  // Of picture and vertices only the opacity is taken.
  material.onBeforeCompile = (shader) => {
    shader.fragmentShader = shader.fragmentShader
      .replace(
        "#include <map_fragment>",
        "#ifdef USE_MAP\ndiffuseColor.a *= texture2D(map, vMapUv).a;\n#endif",
      )
      .replace(
        "#include <color_fragment>",
        "#ifdef USE_COLOR_ALPHA\ndiffuseColor.a *= vColor.a;\n#endif",
      );
  };
  return material;
}

/**
 * @param {"wireframe" | "normals" | "silhouette"} mode
 * @param {Cut} cut
 */
function plain(mode, cut) {
  const ink = mode === "silhouette" ? SHADOW : FILL;
  /** @type {Record<string, number | string>} */
  const defines = { SHOWS: SHOWS[mode] };
  if (cut.map) defines.CUT_BY_MAP = "";
  if (cut.isFlat) defines.IS_FLAT = "";
  return new THREE.ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    defines,
    uniforms: {
      // Written to the screen as it is, without light and tone.
      ink: { value: new THREE.Color().setHex(ink, THREE.LinearSRGBColorSpace) },
      solid: { value: cut.solid },
      cut: { value: cut.least },
      map: { value: cut.map },
    },
    vertexColors: cut.byVertex,
    side: THREE.DoubleSide,
    // The edges lie on the fill and must win.
    polygonOffset: mode === "wireframe",
    polygonOffsetFactor: 1,
    polygonOffsetUnits: 1,
  });
}
