# Builds that do not go well, and one that an image is pinned in.
{
  inputs.nixpkgs.url = "@NIXPKGS@";

  outputs = { self, nixpkgs }:
    let
      inherit (nixpkgs.legacyPackages.x86_64-linux) runCommand tools;
      onTop = name: of: runCommand name { inherit of; } "echo ${name} >$out";
    in
    {
      packages.x86_64-linux = {
        fails = onTop "top" (runCommand "fails" { } "echo 'No space left on device, says a liar' >&2; exit 3");
        slow = onTop "top" (runCommand "slow" { } "echo begun; sleep 20; echo slow >$out");
        silent = runCommand "silent" { } "sleep 20";
        flaky = onTop "top" (runCommand "flaky" { } "cat /proc/sys/kernel/random/uuid >$out");
        big = runCommand "big" { } "dd if=/dev/zero of=$out bs=1048576 count=64 2>&1";
        wrong = onTop "top" (runCommand "wrong"
          {
            outputHashMode = "flat";
            outputHashAlgo = "sha256";
            outputHash = "0000000000000000000000000000000000000000000000000000000000000000";
          } "echo other >$out");
        # as dockerTools.pullImage leaves its arguments in the environment
        pinned = onTop "top" (runCommand "docker-image"
          {
            imageName = "registry.example/org/nitro-node";
            imageDigest = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
            outputHashMode = "flat";
            outputHashAlgo = "sha256";
            outputHash = builtins.hashString "sha256" "image\n";
          } "echo image >$out");
        broken = throw "this attribute cannot be evaluated";
      };
    };
}
