"""layout.py DIR FILE [NAME]: the layout of an OCI image in DIR, with FILE as /usr/local/bin/nitro, and, in a second
layer, an empty file NAME; prints its digest."""
import hashlib, io, json, os, sys, tarfile
top, binary = sys.argv[1:3]
os.makedirs(top + "/blobs/sha256")
def blob(data):
	digest = hashlib.sha256(data).hexdigest()
	open(top + "/blobs/sha256/" + digest, "wb").write(data)
	return {"digest": "sha256:" + digest, "size": len(data)}
layers = []
tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as archive:
	archive.add(binary, "usr/local/bin/nitro")
layers.append(blob(tar.getvalue()))
for name in sys.argv[3:]:
	layers.append(blob(tarfile.TarInfo(name).tobuf() + bytes(1024)))
config = blob(json.dumps({"architecture": "amd64", "os": "linux",
	"rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}).encode())
kind = "application/vnd.oci.image."
manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
	"config": dict(config, mediaType=kind + "config.v1+json"),
	"layers": [dict(layer, mediaType=kind + "layer.v1.tar") for layer in layers]}).encode())
open(top + "/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
open(top + "/index.json", "w").write(json.dumps({"schemaVersion": 2,
	"manifests": [dict(manifest, mediaType=kind + "manifest.v1+json")]}))
print(manifest["digest"])
