#!/usr/bin/env bash
# Report 3: one layer each way, 1,024 latent elements; images cropped and resized first; 0.5 added
# to every element; two elements set together.
# examples/R3.sh IMAGES OUT [more options of zatlas examine]
set -eu
images=$1 out=$2; shift 2
zatlas examine shallow-1024 "latent = latent + 0.5" "latent[:,3], latent[:,1000] = 2, 8" \
    --crop 10,0,28,64 --images "$images" --out "$out" "$@"
