"""A clip made anonymous: one rate, one length, one loudness, one constant-bit-rate container."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Final

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d  # type: ignore[import-untyped]
from scipy.signal import resample_poly  # type: ignore[import-untyped]

from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput, decoding
from arena.generation.profiles.waveform import peaks_of

Samples = NDArray[np.float32]  # (n_frames, n_channels), full scale ±1

MAX_SECONDS: Final = 300.0
MIN_SECONDS: Final = 1.0  # BS.1770 needs one block of 0.4 s; a battle asks for more than that
MAX_BYTES: Final = 128 * 1024 * 1024  # five minutes of stereo at 48 kHz in 32-bit float
MAX_SAMPLES: Final = 4 * 48_000 * 300  # frames × channels: a FLAC of silence is a small bomb
READ_RATES_HZ: Final = (8_000, 192_000)
READ_FORMATS: Final = frozenset({"WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF"})
RATE_HZ: Final = 44_100
FADE_S: Final = 0.010  # against clicks where a clip is cut
TARGET_LUFS: Final = -16.0  # the level of podcasts and of streamed music on phones
CEILING_DBTP: Final = -1.0  # EBU R 128: room for what lossy coding adds
LIMITER_S: Final = 0.005  # look-ahead and smoothing of the gain
MAX_LIMITED_DB: Final = 12.0  # more would make another piece of it
SILENT_LUFS: Final = -60.0  # below this nobody hears it at a normal setting
TOLERANCE_LU: Final = 0.1
MAX_ENCODES: Final = 4  # passes to reach the target; music takes two
# libsndfile maps the level to a constant rate: 0.4 is 192 kbit/s at 44.1 kHz, transparent for
# most listeners, and the same number of bytes for the same number of seconds.
MP3_LEVEL: Final = 0.4
PEAKS: Final = 200


def anonymous_audio(data: bytes, *, duration_s: float | None = None) -> AnonymousOutput:
    """Return a clip as MP3: 44.1 kHz, stereo, 192 kbit/s constant, `duration_s` long, −16 LUFS.

    A longer clip is cut, a shorter one gets silence after it, with a fade of 10 ms at both ends of
    what is heard. Without `duration_s` the clip's own length is rounded to a whole second.
    Loudness follows ITU-R BS.1770-4; peaks stay under −1 dBTP. More than two channels are mixed
    down to their mean. `details`: duration_s, peaks (200 heights for the player).

    Raises UnusableOutput (undecodable, unsupported, too_large, too_long, silent), and ValueError
    for a `duration_s` outside MIN_SECONDS..MAX_SECONDS.
    """
    if duration_s is not None and not MIN_SECONDS <= duration_s <= MAX_SECONDS:
        raise ValueError(
            f"duration_s is {duration_s}; use {MIN_SECONDS:.0f} to {MAX_SECONDS:.0f} seconds"
        )
    samples, rate_hz = decode(data)
    clip = _resampled(_stereo(samples), rate_hz)
    clip -= clip.mean(axis=0)  # an offset is not heard, except as a thump where it starts
    if duration_s is None:
        duration_s = min(max(round(len(clip) / RATE_HZ), MIN_SECONDS), MAX_SECONDS)
    heard = _faded(clip[: round(duration_s * RATE_HZ)])
    padded = np.zeros((round(duration_s * RATE_HZ), 2), dtype=np.float32)
    padded[: len(heard)] = heard
    encoded, shown = _encoded_at_target(padded)
    return AnonymousOutput(
        data=encoded,
        text=None,
        media_type="audio/mpeg",
        extension=".mp3",
        details={"duration_s": float(duration_s), "peaks": peaks_of(shown, PEAKS)},
    )


def decode(data: bytes) -> tuple[Samples, int]:
    """Return samples (n_frames, n_channels) and the rate in Hz.

    Raises UnusableOutput: too_large, too_long, unsupported, undecodable, empty.
    """
    if len(data) > MAX_BYTES:
        raise UnusableOutput(
            "too_large", f"The clip has {len(data)} bytes; at most {MAX_BYTES} are read."
        )
    with decoding("clip"), soundfile.SoundFile(io.BytesIO(data)) as opened:
        rate_hz, channels, frames = opened.samplerate, opened.channels, opened.frames
        if opened.format not in READ_FORMATS:
            raise UnusableOutput("unsupported", f"The clip is {opened.format}; send WAV or FLAC.")
        if not READ_RATES_HZ[0] <= rate_hz <= READ_RATES_HZ[1]:
            raise UnusableOutput("unsupported", f"The clip has {rate_hz} Hz; send 8 to 192 kHz.")
        if frames > MAX_SECONDS * rate_hz:
            raise UnusableOutput(
                "too_long",
                f"The clip lasts {frames / rate_hz:.0f} s; at most {MAX_SECONDS:.0f} s are read.",
            )
        if frames * channels > MAX_SAMPLES:
            raise UnusableOutput(
                "too_large", f"The clip has {frames} × {channels} samples; at most {MAX_SAMPLES}."
            )
        samples: Samples = opened.read(dtype="float32", always_2d=True)
    if len(samples) == 0:
        raise UnusableOutput("empty", "The clip has no samples.")
    if not np.isfinite(samples).all():
        raise UnusableOutput("undecodable", "The clip has samples that are not numbers.")
    return samples, rate_hz


def _stereo(samples: Samples) -> Samples:
    """Return two channels with a peak of at most 1, so that later sums stay finite."""
    peak = float(np.abs(samples).max())
    scaled = samples / np.float32(peak) if peak > 1 else samples
    if scaled.shape[1] == 2:
        return scaled
    return np.repeat(scaled.mean(axis=1, keepdims=True, dtype=np.float32), 2, axis=1)


def _resampled(samples: Samples, rate_hz: int) -> Samples:
    if rate_hz == RATE_HZ:
        return samples
    ratio = Fraction(RATE_HZ, rate_hz)
    resampled: Samples = resample_poly(samples, ratio.numerator, ratio.denominator, axis=0)
    return resampled.astype(np.float32, copy=False)


def _faded(clip: Samples) -> Samples:
    n = min(round(FADE_S * RATE_HZ), len(clip) // 2)
    if n == 0:
        return clip
    ramp = np.sin(np.linspace(0, np.pi / 2, n, dtype=np.float32)) ** 2  # (n,)
    faded = clip.copy()
    faded[:n] *= ramp[:, None]
    faded[-n:] *= ramp[::-1, None]
    return faded


def _encoded_at_target(clip: Samples) -> tuple[bytes, Samples]:
    """Encode a clip so that what is heard has TARGET_LUFS; return the MP3 and its samples.

    The limiter and the coder (its low-pass, its own scaling) take some loudness away, so it is
    measured on the decoded MP3 and the gain corrected, but only as far as MAX_LIMITED_DB of
    limiting: a lone click stays softer than the target.
    """
    meter = pyloudnorm.Meter(RATE_HZ)
    loudness = float(meter.integrated_loudness(clip))
    if not loudness > SILENT_LUFS:
        raise UnusableOutput(
            "silent", f"The clip has {loudness:.0f} LUFS; below {SILENT_LUFS:.0f} nothing is heard."
        )
    peak_dbfs = 20 * np.log10(float(np.abs(clip).max()))
    highest_gain_db = CEILING_DBTP - peak_dbfs + MAX_LIMITED_DB
    gain_db = TARGET_LUFS - loudness
    for _ in range(MAX_ENCODES):
        gain_db = min(gain_db, highest_gain_db)
        encoded = _encoded(_limited(clip * np.float32(10 ** (gain_db / 20))))
        heard, _rate_hz = decode(encoded)
        missing_lu = TARGET_LUFS - float(meter.integrated_loudness(heard))
        if abs(missing_lu) < TOLERANCE_LU or gain_db + missing_lu >= highest_gain_db:
            break
        gain_db += missing_lu
    return encoded, heard


def _limited(clip: Samples) -> Samples:
    """Hold true peaks (four-fold oversampled, BS.1770-4 annex 2) under the ceiling.

    The gain is the least that any sample within LIMITER_S needs, smoothed over the same span, so
    it is down before the peak comes.
    """
    ceiling = 10 ** (CEILING_DBTP / 20)
    if float(np.abs(clip).max()) < ceiling / 2:  # peaks between samples are not 6 dB higher
        return clip
    magnitude = np.zeros(len(clip), dtype=np.float32)
    for channel in clip.T:
        oversampled = np.abs(resample_poly(channel, 4, 1)).reshape(-1, 4).max(axis=1)
        magnitude = np.maximum(magnitude, np.maximum(oversampled, np.roll(oversampled, 1)))
    if float(magnitude.max()) <= ceiling:
        return clip
    needed = np.minimum(1.0, ceiling / np.maximum(magnitude, 1e-9))
    span = round(LIMITER_S * RATE_HZ)
    held = minimum_filter1d(needed, 2 * span + 1, mode="nearest")
    gain = uniform_filter1d(held, 2 * span + 1, mode="nearest")
    limited: Samples = (clip * gain[:, None]).astype(np.float32)
    return limited


def _encoded(clip: Samples) -> bytes:
    encoded = io.BytesIO()
    with soundfile.SoundFile(
        encoded,
        "w",
        samplerate=RATE_HZ,
        channels=2,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=MP3_LEVEL,
    ) as file:
        file.write(clip)
    return encoded.getvalue()
