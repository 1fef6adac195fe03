"""An uploader as many have one: every file of a folder, compressed, in a form, with requests. Two lines are other ones than before."""

import gzip
import os
import sys
from pathlib import Path

import requests

URL = os.environ["API_SERVER_URL"].rstrip("/") + "/api/upload/products/"  # 1: where to, with the kind of the files
HEADERS = {"X-Internal-API-Key": os.environ["API_SECRET_KEY"]}  # 2: the key of a SplitCart server

folder, sent = Path(sys.argv[1]), Path(sys.argv[2])
errors = 0
for file in sorted(folder.glob("*.jsonl")):
    form = {"file": (file.name + ".gz", gzip.compress(file.read_bytes()), "application/gzip")}
    answer = requests.post(URL, files=form, headers=HEADERS, timeout=120)
    print(f"{file.name}: {answer.status_code}", flush=True)
    if answer.status_code in (200, 201):
        file.rename(sent / file.name)
    else:
        errors += 1
sys.exit(1 if errors else 0)
