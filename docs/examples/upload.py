"""Sends one file to a SplitCart server: python3 upload.py FILE.jsonl (needs `pip install requests`)."""

import base64
import gzip
import hashlib
import os
import sys
import time
from pathlib import Path

import requests

file = Path(sys.argv[1])
content = file.read_bytes()
digest = hashlib.sha256(content)
headers = {
    "X-API-Key": os.environ["API_SECRET_KEY"],
    "Content-Type": "application/jsonl",
    "Content-Encoding": "gzip",
    "Content-Disposition": f'attachment; filename="{file.name}"',
    "Unencoded-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
}
body = gzip.compress(content, mtime=0)
url = os.environ["API_SERVER_URL"].rstrip("/") + "/api/upload/"

for attempt in range(5):
    pause = 2**attempt
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=120, allow_redirects=False)
    except requests.RequestException as error:
        print(f"not delivered: {error}", file=sys.stderr)
    else:
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        if answer.status_code in (200, 201) and is_json:
            receipt = answer.json()
            assert receipt["sha256"] == digest.hexdigest(), "the receipt is for other bytes"
            print(f"{receipt['filename']}: {receipt['state']}, upload {receipt['id']}")
            sys.exit(0)
        print(f"{answer.status_code}: {answer.text}", file=sys.stderr)
        # What a proxy or a portal in between says is no word of the server.
        is_ours = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        if is_ours and answer.status_code not in (408, 425, 429, 500, 502, 503, 504):
            sys.exit(1)  # sending the same bytes again would change nothing
        retry_after = answer.headers.get("Retry-After", "")
        pause = max(pause, int(retry_after) if retry_after.isdigit() else 0)
    time.sleep(pause)
sys.exit(5)
