"""Text models behind any server that speaks the OpenAI chat-completions protocol."""
