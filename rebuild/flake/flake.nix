# A flake to start from: an enclave image around one program that is not built here but staged, as
# build-outputs/nitro, by whoever builds (`enclave-rebuild run`, or by hand and `git add -f`).
#
# What makes it reproducible: every input is locked in flake.lock by revision and narHash (run
# `nix flake lock` once and commit the file), nothing is fetched by tag or branch after that, and no
# derivation reads a clock, a network or the machine. nix-enclaver keeps its own nixpkgs: overriding it
# would build its tools with another compiler.
{
  description = "A Nitro enclave image around a staged program";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.11";
    nix-enclaver.url = "github:EspressoSystems/nix-enclaver/v0.1.0";
  };

  outputs = { self, nixpkgs, nix-enclaver }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      enclaverLib = nix-enclaver.lib.${system};

      # A file of this very source tree: what is not staged, or staged otherwise, gives another image
      # or none.
      nitroBinary = ./build-outputs/nitro;

      # The enclave's file system. Mode and time are set by Nix; a path of the store that the
      # entrypoint names follows the program's bytes.
      app = pkgs.runCommand "nitro-app" { } ''
        mkdir -p $out/bin
        cp ${nitroBinary} $out/bin/nitro
        cp ${./entrypoint.sh} $out/bin/entrypoint
        chmod 0555 $out/bin/nitro $out/bin/entrypoint
      '';

      image = arch: enclaverLib.${arch}.makeAppEif {
        appPackage = app;
        configFile = ./enclaver.yaml;
      };
    in
    {
      packages.${system} = {
        default = (image "x86_64").eif;
        x86_64-eif = (image "x86_64").eif;
        rootfs = (image "x86_64").rootfs;
        inherit app;
        enclaver = nix-enclaver.packages.${system}.enclaver;
      };
    };
}
