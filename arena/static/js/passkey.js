// @ts-check
/** Passkeys: a form with data-passkey sends what the device answers, in its hidden field. */

import { gettext } from "./words.js";

/**
 * @typedef {object} Options what the server asks of the device, bytes as base64url
 * @property {any} publicKey
 */

/** @param {string} text base64url */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

/** @param {ArrayBuffer | null | undefined} buffer */
function text(buffer) {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {{id: string}} one */
const named = (one) => ({ ...one, id: bytes(one.id) });

/**
 * Ask the device for a new passkey.
 * @param {Options} options
 */
async function create({ publicKey: asked }) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      user: named(asked.user),
      excludeCredentials: (asked.excludeCredentials ?? []).map(named),
    },
  });
  const credential = /** @type {PublicKeyCredential} */ (made);
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  return answer(credential, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

/**
 * Ask the device to prove a passkey.
 * @param {Options} options
 */
async function get({ publicKey: asked }) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      allowCredentials: (asked.allowCredentials ?? []).map(named),
    },
  });
  const credential = /** @type {PublicKeyCredential} */ (found);
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return answer(credential, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  });
}

/**
 * @param {PublicKeyCredential} credential
 * @param {object} response
 */
function answer(credential, response) {
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/**
 * @param {HTMLFormElement} form
 * @returns {Promise<Options>}
 */
async function optionsOf(form) {
  const given = document.getElementById(form.dataset.options ?? "")?.textContent;
  if (given) {
    const asked = JSON.parse(given);
    return asked.request_options ?? asked;
  }
  const asked = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!asked.ok) throw new Error(`${asked.status}`);
  return (await asked.json()).request_options;
}

/** @param {unknown} error */
function words(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "InvalidStateError") return gettext("This device has a passkey of this account already.");
  if (name === "NotAllowedError") return gettext("Nothing was done: the device gave no passkey, or it took too long. Try again.");
  if (name === "SecurityError") return gettext("Passkeys do not work at this address. They need https, or localhost.");
  return gettext("That did not work. Load the page again and try once more.");
}

/** @param {HTMLFormElement} form */
function connect(form) {
  const field = form.querySelector("[data-credential]");
  const line = form.querySelector("[data-passkey-line]");
  const button = form.querySelector("button[type=submit]");
  if (!(field instanceof HTMLInputElement) || !(line instanceof HTMLElement)) return;
  if (!(button instanceof HTMLButtonElement)) return;
  /** @param {string} said */
  const say = (said) => {
    line.textContent = said;
    line.hidden = !said;
  };
  if (!("credentials" in navigator) || !window.isSecureContext) {
    button.disabled = true;
    say(gettext("Passkeys do not work in this browser at this address. They need https, or localhost."));
    return;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    button.disabled = true;
    try {
      const options = await optionsOf(form);
      const credential = await (form.dataset.passkey === "create" ? create : get)(options);
      field.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      say(words(error));
      button.disabled = false;
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (form instanceof HTMLFormElement) connect(form);
}
