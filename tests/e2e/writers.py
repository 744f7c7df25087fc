"""Two models whose answers the tests write: a small server of the chat-completions protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg

from tests.e2e.site import Site

RICH = """\
## How a least-squares line is found

A line is the **simplest model** that can be wrong in an *interesting* way. Given points \
$(x_i, y_i)$, it asks for the numbers `a` and `b` that make the squared error as small as it can be:

$$
E(a, b) = \\sum_{i=1}^{n} \\left( y_i - a - b x_i \\right)^2, \\qquad \
b = \\frac{\\sum_i (x_i - \\bar x)(y_i - \\bar y)}{\\sum_i (x_i - \\bar x)^2}
$$

### What to do, in order

1. **Look at the data.** A plot tells more than a table of numbers.
   - Check the *units* of each column
   - Drop rows that are there twice
     - but keep a note of how many there were
2. **Fit the line**, then look at what is left over.
3. **Say how sure you are.** An interval of $\\pm 2\\,\\mathrm{SE}$ costs nothing; a consultant \
would take $5 or even $10 for it.

```python
import numpy as np

def fit(x, y):
    b = np.cov(x, y, bias=True)[0, 1] / np.var(x)
    return y.mean() - b * x.mean(), b  # the intercept comes first, as in every textbook since 1805
```

> The most reliable way of forecasting the future is to try to understand the present.
>
> > And to **measure** it.

| Method | Error | Time | What it needs | When it breaks |
|:-------|------:|-----:|:--------------|:---------------|
| Least squares | 0.31 | 2 ms | Any statistics package will do | One far point |
| Theil–Sen | 0.27 | 40 ms | `scipy.stats` | Very many points |
| Ridge | 0.29 | 3 ms | A penalty $\\lambda > 0$ | A penalty that nobody chose |

See [the original](https://example.org/legendre) by Legendre.

- مرحبا: هذه قائمة بالعربية مع `code` في وسطها
- والسطر الثاني فيها

---

That is all there is to it.
"""

PLAIN = """\
Least squares takes the line for which the sum of the squared distances to the points is smallest.

You can find it with one formula, and every spreadsheet knows it. Plot the points first, and look \
for one that lies far from all the others, because it pulls the line to itself.
"""

ARABIC = """\
# عنوان بالعربية

هذه فقرة فيها **كلمات مهمة** وشيفرة `x = 1` ورقم 42.

- بند أول
- بند ثان
  1. فرعي

> اقتباس قصير من كتاب قديم.

| الاسم | العدد |
|---|---|
| واحد | 1 |
| اثنان | 2 |

```js
const first = "أول"; // a line of code that is far too long for the pane that it is shown in, \
so it has to \
scroll
```

המשפט הזה בעברית, עם סימן שאלה?
"""

CJK = """\
# 最小二乗法について

日本語の長い段落は単語の間に空白がないので、どこで改行するかはブラウザーが決めます。行の先頭に句読点「、」や「。」\
が来てはいけません。これは**重要な**規則です。日本語の長い段落は単語の間に空白がないので、改行の場所が大切です。

中文的段落也没有空格，所以换行的位置由浏览器决定。标点符号不应该出现在行首，这是很重要的排版规则。直线拟合的误差可以用公式来表示。

- 第一項：`fit(x, y)`
- 第二項

한국어 문단은 단어 사이에 공백이 있습니다. 그래서 단어 단위로 줄을 바꿉니다.
"""

LONG = "\n\n".join(
    f"## Part {n}\n\n" + "This part says one thing, in a few plain words, and stops. " * 6
    for n in range(1, 13)
)

ANSWERS = {
    "rich": (RICH, RICH),
    "rich and plain": (RICH, PLAIN),
    "arabic and cjk": (ARABIC, CJK),
    "long": (LONG, LONG[: len(LONG) // 2]),
    "markup": (
        (
            "<img src=x onerror=alert(1)> <script>alert(1)</script>\n\n"
            "![a cat](https://evil.example/cat.png) [x](javascript:alert(1)) "
            "$\\text{<img src=x onerror=alert(1)>}$\n\n"
            "```html\n<script>alert(1)</script>\n```\n"
        ),
        PLAIN,
    ),
}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = ANSWERS[asked["messages"][-1]["content"].removeprefix("Write: ")]
        text = answers[0 if asked["model"] == "first" else 1]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for start in range(0, len(text), 7):
            self._say({"delta": {"content": text[start : start + 7]}, "finish_reason": None})
        self._say({"delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, choice: dict[str, Any]) -> None:
        chunk = {
            "id": "one", "object": "chat.completion.chunk", "created": 0, "model": "one",
            "choices": [{"index": 0, **choice}],
        }  # fmt: skip
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing of each request."""


@contextmanager
def writers(site: Site) -> Iterator[None]:
    """Let only the two models answer text prompts; a prompt is `Write: ` and a key of ANSWERS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    change = "UPDATE models_registry_model SET status = %s WHERE modality = 'text' AND status = %s "
    is_writer = "slug IN ('writer-one', 'writer-two')"
    for name, model in (("Writer One", "first"), ("Writer Two", "second")):
        config = {"base_url": f"http://127.0.0.1:{server.server_port}/v1", "model": model}
        site.manage(
            *("register_model", name, "--modality", "text", "--organisation", "Ben's lab"),
            *("--adapter", "openai", "--config", json.dumps(config)),
        )
    with psycopg.connect(site.places.database_url) as database:
        database.execute(f"{change} AND NOT {is_writer}", ("draft", "public"))
    yield
    with psycopg.connect(site.places.database_url) as database:
        database.execute(f"{change} AND {is_writer}", ("retired", "public"))
        database.execute(change, ("public", "draft"))
    server.shutdown()
    server.server_close()
    serving.join()
