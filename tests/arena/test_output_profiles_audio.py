"""Clips before the vote: one length, one loudness, one size in bytes, and no tag."""

import io
import os
import struct
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from arena.generation.profiles import (
    UNUSABLE_CODES,
    UnusableOutput,
    make_anonymous,
    waveform_peaks,
)

DATA = Path(os.environ.get("AGON_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
MARK = "PLANTED-MARK-7f3a"
SECONDS = 3


def outcome(data, media_type="audio/wav", **options):
    """Return (output, None) or (None, code); anything else that is raised fails the test."""
    try:
        return make_anonymous("music", data, media_type, **options), None
    except UnusableOutput as error:
        return None, error.code


def music(rate=44_100, seconds=SECONDS, channels=1, seed=0):
    """A few partials with a beat and some noise, (n_frames, n_channels)."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(rate * seconds)) / rate
    tone = sum(np.sin(2 * np.pi * 220 * k * t + seed) / k for k in range(1, 5))
    wave = 0.2 * tone * (1 + 0.5 * np.sin(2 * np.pi * 2 * t)) + rng.normal(0, 0.01, len(t))
    return np.repeat(wave[:, None], channels, axis=1)


def saved(samples, rate=44_100, kind="WAV", subtype="PCM_16", tags=False):
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, samples.shape[1], format=kind, subtype=subtype
    ) as out:
        if tags:
            out.title = out.artist = out.comment = out.software = MARK
        out.write(samples)
    return file.getvalue()


def shown(data, media_type="audio/wav", duration_s=float(SECONDS)):
    return make_anonymous("music", data, media_type, duration_s=duration_s).data


def heard(mp3):
    return soundfile.read(io.BytesIO(mp3), always_2d=True)


def loudness(mp3):
    samples, rate = heard(mp3)
    return pyloudnorm.Meter(rate).integrated_loudness(samples)


KINDS = {
    "wav 16": {"kind": "WAV", "subtype": "PCM_16"},
    "wav float 48k": {"kind": "WAV", "subtype": "FLOAT", "rate": 48_000},
    "flac 22k": {"kind": "FLAC", "subtype": "PCM_24", "rate": 22_050},
    "ogg 16k": {"kind": "OGG", "subtype": "VORBIS", "rate": 16_000},
    "opus 48k": {"kind": "OGG", "subtype": "OPUS", "rate": 48_000},
    "mp3": {"kind": "MP3", "subtype": "MPEG_LAYER_III"},
    "aiff 32k": {"kind": "AIFF", "subtype": "PCM_16", "rate": 32_000},
}


def clip(name, **options):
    kind = KINDS[name]
    return saved(music(kind.get("rate", 44_100), channels=2), **kind, **options)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_tag_is_left_in_any_byte(name):
    marked = clip(name, tags=True)
    assert MARK.encode() in marked, "the mark was not planted"
    result = shown(marked)

    assert MARK.encode() not in result
    for tag in (b"ID3", b"TAG", b"APETAG", b"INFO", b"Vorbis"):
        assert tag not in result


def test_id3_of_both_versions_does_not_survive():
    mp3 = clip("mp3")
    frame = b"TSSE" + struct.pack(">I", len(MARK) + 1) + b"\0\0\x03" + MARK.encode()
    id3v2 = b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)]) + frame
    id3v1 = b"TAG" + MARK.encode().ljust(125, b"\0")

    assert shown(id3v2 + mp3 + id3v1) == shown(mp3)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_output_has_the_same_stream_and_size_in_bytes(name):
    reference, result = shown(saved(music(seed=9))), shown(clip(name))

    assert abs(len(result) - len(reference)) <= 0.01 * len(reference)
    assert result[:4] == reference[:4]  # the MPEG frame header: rate, bit rate, channel mode
    info = soundfile.info(io.BytesIO(result))
    assert (info.samplerate, info.channels, info.format) == (44_100, 2, "MP3")
    assert info.frames == SECONDS * 44_100


@pytest.mark.parametrize("seconds", [1, 2.5, 7])
def test_shorter_and_longer_clips_get_the_length_that_was_asked_for(seconds):
    data = saved(music(seconds=seconds))
    output, _ = outcome(data, duration_s=4.0)

    assert soundfile.info(io.BytesIO(output.data)).frames == 4 * 44_100
    assert output.details["duration_s"] == 4.0


def test_without_a_length_the_clip_gets_a_whole_number_of_seconds():
    output, _ = outcome(saved(music(seconds=2.7)))

    assert output.details["duration_s"] == 3.0


def test_a_quiet_and_a_loud_model_are_equally_loud():
    results = [shown(saved(music() * gain, subtype="FLOAT")) for gain in (0.01, 1.0, 30.0)]

    measured = [loudness(result) for result in results]
    assert max(measured) - min(measured) <= 0.5
    assert all(abs(level + 16) <= 0.5 for level in measured)


def test_different_kinds_of_sound_are_equally_loud():
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.05, (44_100 * SECONDS, 1))
    drums = noise * (np.arange(len(noise)) % 22_050 < 4_000)[:, None]
    for samples in (noise, drums, music()):
        assert abs(loudness(shown(saved(samples))) + 16) <= 0.5


def test_true_peaks_stay_under_full_scale():
    rng = np.random.default_rng(4)
    beats = np.zeros((44_100 * SECONDS, 1))
    for start in range(0, len(beats), 11_025):
        beats[start : start + 600, 0] = rng.normal(0, 0.3, 600) * np.linspace(1, 0, 600)
    samples, _ = heard(shown(saved(np.clip(beats, -1, 1))))

    peak_db = 20 * np.log10(np.abs(resample_poly(samples, 4, 1, axis=0)).max())
    assert -12 < peak_db <= -0.5  # −1 dBTP before the coder, which adds a little


def test_the_ends_are_faded_so_that_a_cut_does_not_click():
    samples, _ = heard(shown(saved(music(seconds=10))))

    middle = np.abs(samples[44_100 : 2 * 44_100]).max()
    assert np.abs(samples[:20]).max() < 0.1 * middle
    assert np.abs(samples[-20:]).max() < 0.1 * middle


def test_the_same_clip_gives_the_same_bytes():
    assert shown(clip("wav 16")) == shown(clip("wav 16"))


def test_the_music_itself_stays():
    original = music()[:, 0]
    samples, _ = heard(shown(saved(music())))

    correlation = np.corrcoef(original[2_000:-2_000], samples[2_000:-2_000, 0])[0, 1]
    assert correlation > 0.98


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((44_100, 1)),
        np.full((44_100, 2), 0.5),  # a constant is no sound
        np.random.default_rng(0).normal(0, 1e-5, (44_100, 1)),
    ],
)
def test_a_clip_that_nobody_hears_is_silent(samples):
    assert outcome(saved(samples, subtype="FLOAT"))[1] == "silent"


def test_a_clip_that_cannot_be_played_says_why():
    nan = music()
    nan[100] = np.nan
    long_flac = saved(np.zeros((8_000 * 301, 1)), rate=8_000, kind="FLAC")

    assert outcome(saved(nan, subtype="FLOAT"))[1] == "undecodable"
    assert outcome(long_flac, "audio/flac")[1] == "too_long"
    assert outcome(saved(music(rate=4_000), rate=4_000))[1] == "unsupported"
    assert outcome(saved(np.zeros((0, 1))))[1] == "empty"
    assert outcome(b"no sound at all")[1] == "undecodable"
    assert outcome(saved(music())[:40])[1] in UNUSABLE_CODES
    assert outcome(b"\0" * (129 * 1024 * 1024))[1] == "too_large"


@pytest.mark.parametrize("duration_s", [0.0, 0.5, 301.0, float("nan")])
def test_a_length_that_no_battle_can_ask_for_is_a_mistake_of_the_caller(duration_s):
    with pytest.raises(ValueError, match="duration_s"):
        make_anonymous("music", saved(music()), "audio/wav", duration_s=duration_s)


def test_the_waveform_follows_the_clip():
    samples = music(seconds=2)
    samples[:44_100] *= 0.1
    peaks = waveform_peaks(saved(samples), n=50)

    assert len(peaks) == 50
    assert all(0 <= peak <= 1 for peak in peaks)
    assert max(peaks[:24]) < 0.3 * max(peaks[26:])


def test_the_output_carries_the_waveform_of_what_is_played():
    output, _ = outcome(clip("wav 16"), duration_s=3.0)

    assert output.details["peaks"] == waveform_peaks(output.data)
    assert len(output.details["peaks"]) == 200


def test_a_waveform_of_more_heights_than_samples_is_drawn():
    assert len(waveform_peaks(saved(music(seconds=0.001)), n=200)) == 200


# libsndfile may seek before the start of a damaged file; soundfile reports that and goes on.
@pytest.mark.filterwarnings("ignore:Exception ignored from cffi callback")
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_files_convert_or_give_a_known_reason(data):
    name = data.draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[name]
    rate = kind.get("rate", 44_100)
    file = bytearray(saved(music(rate, seconds=0.3), **kind))
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(file)))
    output, code = outcome(bytes(file[:cut]), duration_s=1.0)

    assert output is not None or code in UNUSABLE_CODES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_known_reason(data):
    output, code = outcome(data)

    assert output is not None or code in UNUSABLE_CODES


def test_real_files_convert():
    folder = DATA / "media_kenney_cc0" / "sounds"
    if not folder.exists():
        pytest.skip(f"no {folder}: set AGON_TEST_DATA to the folder that has it")
    sizes = {len(shown(path.read_bytes(), "audio/ogg", 2.0)) for path in folder.glob("*.ogg")}

    assert len(sizes) == 1
