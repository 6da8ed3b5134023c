#!/bin/sh
# Pre-trains the embedded language models, on Debian 12 as root, each on a core of its own, in about two hours and a half:
#   sh tools/pretrain/run.sh FOLDER
# Stopped, it goes on from its last checkpoint. The models are then in FOLDER/gpt2/model and FOLDER/bert/model.
set -e
here=$(dirname "$0")
folder=${1:?where to keep what is made}
apt-get install -y python3-torch python3-venv libopenblas0-pthread r-cran-janeaustenr bible-kjv bible-kjv-text wordnet-base fortunes fortunes-min dict-jargon dict-devil dict-gcide
[ -d "$folder/python" ] || python3 -m venv --system-site-packages "$folder/python"
"$folder/python/bin/pip" install -q tokenizers==0.23.2 safetensors==0.8.0
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
"$folder/python/bin/python" "$here/gpt2.py" "$folder/gpt2" 5200 &
gpt2=$!
"$folder/python/bin/python" "$here/bert.py" "$folder/bert" 2000
wait "$gpt2"
