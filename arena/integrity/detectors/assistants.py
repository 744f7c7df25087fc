"""Names of assistants that are widely known, and of who makes them, as they call themselves."""

ASSISTANTS = (
    "ChatGPT", "Claude", "Gemini", "Google Bard", "Bard", "LLaMA", "Mistral", "Mixtral", "Qwen",
    "Tongyi Qianwen", "通义千问", "千问", "DeepSeek", "深度求索", "Kimi", "ChatGLM", "智谱清言",
    "Grok", "Copilot", "Vicuna", "Alpaca", "ERNIE Bot", "文心一言", "Hunyuan", "混元", "InternLM",
    "书生", "Baichuan", "百川", "Doubao", "豆包", "MiniMax", "Nemotron", "Gemma", "Command R",
    "OpenAssistant", "Open Assistant", "Falcon LLM", "Le Chat", "Google Home", "Alexa", "Siri",
)  # fmt: skip
MAKERS = (
    "OpenAI", "Anthropic", "Google", "Google DeepMind", "DeepMind", "Meta", "Meta AI",
    "Mistral AI", "Alibaba", "Alibaba Cloud", "阿里巴巴", "阿里云", "アリババ", "DeepSeek",
    "深度求索", "Moonshot AI", "月之暗面", "Zhipu AI", "智谱", "xAI", "Microsoft", "Baidu",
    "百度", "Tencent", "腾讯", "字节跳动", "ByteDance", "Cohere", "LMSYS", "LAION", "NVIDIA",
    "Databricks", "AI21 Labs", "01.AI", "零一万物", "Stability AI", "Amazon", "IBM", "商汤",
    "上海人工智能实验室",
)  # fmt: skip
