# The little of nixpkgs that the reference flake asks for: a shell with static tools that stand beside
# this file (busybox, eif_build), so that a sandbox needs nothing of the machine.
{
  outputs = { self }:
    let
      tools = ./tools;
    in
    {
      legacyPackages.x86_64-linux = {
        inherit tools;
        runCommand = name: env: script: derivation (env // {
          inherit name;
          system = "x86_64-linux";
          builder = "${tools}/busybox";
          args = [ "sh" "-euc" script ];
          PATH = "${tools}/bin";
        });
      };
    };
}
