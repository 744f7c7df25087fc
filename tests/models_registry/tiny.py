"""Tiny models of random weights, made in code and saved as their libraries save real ones."""

from __future__ import annotations

import itertools
import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CHARACTERS = [*string.ascii_letters, *string.digits, ".", ",", ":", "?", "Ġ", "Ċ"]
SPECIAL = ["<s>", "</s>", "<unk>"]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n"
    "{% endfor %}assistant: "
)


def character_tokenizer(**options: Any) -> Any:
    """Return a fast tokenizer whose tokens are single characters; Ġ and Ċ are space and line."""
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *CHARACTERS])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        **options,
    )


def save_llama(folder: Path, *, has_template: bool = True) -> Path:
    """Save a two-layer Llama over characters that samples and never ends by itself."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = character_tokenizer()
    if has_template:
        tokenizer.chat_template = TEMPLATE
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=4096,
            initializer_range=0.5,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    model.generation_config.do_sample = True
    model.generation_config.suppress_tokens = [0, 1, 2]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_musicgen(folder: Path, *, is_silent: bool = False) -> Path:
    """Save a MusicGen of a tiny T5, a tiny decoder and a tiny Encodec at 4 kHz."""
    from transformers import (
        EncodecConfig,
        EncodecModel,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForCausalLM,
        MusicgenForConditionalGeneration,
        T5Config,
        T5EncoderModel,
    )

    torch.manual_seed(0)
    tokenizer = character_tokenizer()
    text = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_ff=32, d_kv=4, num_layers=1, num_heads=4
    )
    codec = EncodecConfig(
        sampling_rate=4000,
        target_bandwidths=[1.0],
        audio_channels=1,
        num_filters=4,
        hidden_size=8,
        codebook_size=32,
        codebook_dim=8,
        upsampling_ratios=[5, 4, 2],
        num_lstm_layers=1,
        use_causal_conv=False,
        normalize=False,
    )
    decoder = MusicgenDecoderConfig(
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=4,
        ffn_dim=32,
        num_codebooks=2,
        max_position_embeddings=256,
        pad_token_id=32,
        bos_token_id=32,
        initializer_factor=0.5,
    )
    model = MusicgenForConditionalGeneration(
        config=MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder),
        text_encoder=T5EncoderModel(text),
        audio_encoder=EncodecModel(codec),
        decoder=MusicgenForCausalLM(decoder),
    )
    for parameter in model.audio_encoder.decoder.parameters():
        if is_silent:
            torch.nn.init.zeros_(parameter)
        elif parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    for layer in model.audio_encoder.quantizer.layers:  # codes start as zeros, all alike
        layer.codebook.embed.normal_()
    model.generation_config.decoder_start_token_id = 32
    model.generation_config.pad_token_id = 32
    model.generation_config.do_sample = True
    model.generation_config.guidance_scale = 3.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_stable_diffusion(folder: Path, *, is_blank: bool = False) -> Path:
    """Save a Stable Diffusion of a tiny U-Net, VAE and CLIP; its images are 64 pixels wide."""
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    tokenizer = character_tokenizer(model_max_length=77)
    vae = AutoencoderKL(
        block_out_channels=(4, 8),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        norm_num_groups=2,
    )
    if is_blank:
        torch.nn.init.zeros_(vae.decoder.conv_out.weight)
    StableDiffusionPipeline(
        unet=UNet2DConditionModel(
            block_out_channels=(4, 8),
            layers_per_block=1,
            sample_size=32,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32,
            norm_num_groups=2,
        ),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        vae=vae,
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=64,
                num_attention_heads=4,
                num_hidden_layers=1,
                bos_token_id=0,
                eos_token_id=1,
                pad_token_id=1,
            )
        ),
        tokenizer=tokenizer,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_stable_audio(folder: Path) -> Path:
    """Save a Stable Audio of tiny parts that makes stereo at 4 kHz."""
    from diffusers import (
        AutoencoderOobleck,
        EDMDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    tokenizer = character_tokenizer(model_max_length=64)
    StableAudioPipeline(
        vae=AutoencoderOobleck(
            encoder_hidden_size=6,
            downsampling_ratios=[4, 5],
            decoder_channels=3,
            decoder_input_channels=3,
            audio_channels=2,
            channel_multiples=[2, 4],
            sampling_rate=4000,
        ),
        text_encoder=T5EncoderModel(
            T5Config(
                vocab_size=len(tokenizer), d_model=8, d_ff=16, d_kv=4, num_layers=1, num_heads=2
            )
        ),
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=8, conditioning_dim=4, min_value=0, max_value=32
        ),
        tokenizer=tokenizer,
        transformer=StableAudioDiTModel(
            sample_size=200,
            in_channels=3,
            num_layers=1,
            attention_head_dim=4,
            num_attention_heads=2,
            num_key_value_attention_heads=2,
            out_channels=3,
            cross_attention_dim=4,
            time_proj_dim=8,
            global_states_input_dim=8,
            cross_attention_input_dim=4,
        ),
        scheduler=EDMDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0
        ),
    ).save_pretrained(folder)
    return folder


def save_shap_e(folder: Path, *, is_empty: bool = False) -> Path:
    """Save a Shap-E of tiny parts; an empty one has no table of triangles, so no surface."""
    from diffusers import HeunDiscreteScheduler, PriorTransformer, ShapEPipeline
    from diffusers.pipelines.shap_e import ShapERenderer
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    torch.manual_seed(0)
    tokenizer = character_tokenizer(model_max_length=77)
    renderer = ShapERenderer(
        param_shapes=((8, 93), (8, 8), (8, 8), (8, 8)),
        d_latent=16,
        d_hidden=8,
        n_output=12,
        background=(0.1, 0.1, 0.1),
    )
    if not is_empty:
        fill_triangle_table(renderer.mesh_decoder)
    ShapEPipeline(
        prior=PriorTransformer(
            num_attention_heads=2,
            attention_head_dim=16,
            embedding_dim=16,
            num_embeddings=32,
            embedding_proj_dim=16,
            time_embed_dim=64,
            num_layers=1,
            clip_embed_dim=32,
            additional_embeddings=0,
            time_embed_act_fn="gelu",
            norm_in_type="layer",
            encoder_hid_proj_type=None,
            added_emb_type=None,
        ),
        text_encoder=CLIPTextModelWithProjection(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=16,
                projection_dim=16,
                intermediate_size=37,
                num_attention_heads=4,
                num_hidden_layers=1,
                bos_token_id=0,
                eos_token_id=1,
                pad_token_id=1,
            )
        ),
        tokenizer=tokenizer,
        scheduler=HeunDiscreteScheduler(
            beta_schedule="exp",
            num_train_timesteps=1024,
            prediction_type="sample",
            use_karras_sigmas=True,
            clip_sample=True,
            clip_sample_range=1.0,
        ),
        shap_e_renderer=renderer,
    ).save_pretrained(folder)
    return folder


def fill_triangle_table(decoder: Any) -> None:
    """Fan the edges of each cube that the surface crosses into up to five triangles.

    A real Shap-E carries the table of marching cubes among its weights.
    """
    sides = [(0, 0), (1, 0), (0, 1), (1, 1)]
    corners = [((0, y, z), (1, y, z)) for y, z in sides]
    corners += [((x, 0, z), (x, 1, z)) for x, z in sides]
    corners += [((x, y, 0), (x, y, 1)) for x, y in sides]
    bits = [tuple(x + 2 * y + 4 * z for x, y, z in ends) for ends in corners]
    for case in range(256):
        crossed = [edge for edge, (a, b) in enumerate(bits) if (case >> a ^ case >> b) & 1]
        for number, pair in enumerate(itertools.pairwise(crossed[1:7])):
            decoder.cases[case, number] = torch.tensor([crossed[0], *pair])
            decoder.masks[case, number] = True
