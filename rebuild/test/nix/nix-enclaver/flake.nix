# What the reference flake asks of nix-enclaver: an image of two ramdisks in the layout that the real
# one has, a base image first, and files batcher.eif, pcr.json and log.txt.
{
  inputs.nixpkgs.url = "@NIXPKGS@";

  outputs = { self, nixpkgs }:
    let
      run = nixpkgs.legacyPackages.x86_64-linux.runCommand;

      archive = name: tree: run "${name}.cpio.gz" { } ''
        mkdir root
        cp -r ${tree}/. root/
        chmod -R u+w root
        find root -exec touch -h -d @1 {} +
        cd root
        find . -mindepth 1 | sort | cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>/dev/null | gzip -n >$out
      '';

      kernel = run "kernel" { } "echo 'a kernel that boots nowhere' >$out";

      init = run "init" { } ''
        mkdir -p $out/dev
        echo 'an init that starts nothing' >$out/init
        chmod 0555 $out/init
      '';

      eif = file: ramdisks: run "batcher-x86_64" { } ''
        mkdir $out
        eif_build ${kernel} 'reboot=k panic=30 pci=off console=ttyS0' \
          '{"ImageName":"batcher","ImageVersion":"1","BuildMetadata":{"BuildTime":"1970-01-01T00:00:00+00:00","BuildTool":"eif_build","BuildToolVersion":"1","OperatingSystem":"none","KernelVersion":"none"},"DockerInfo":null,"CustomMetadata":null}' $out/${file} ${toString ramdisks} >$out/log.txt
        tail -n 6 $out/log.txt >$out/pcr.json
        cat $out/pcr.json
      '';

      makeAppEif = { appPackage, configFile }:
        let
          rootfs = run "rootfs" { } ''
            mkdir -p $out/rootfs
            cp -r ${appPackage}/. $out/rootfs/
            chmod u+w $out/rootfs
            cp ${configFile} $out/rootfs/enclaver.yaml
            echo "# ${appPackage}" >$out/cmd
          '';
          base = eif "image.eif" [ (archive "init" init) ];
          whole = eif "batcher.eif" [ (archive "init" init) (archive "rootfs" rootfs) ];
        in
        {
          inherit rootfs;
          eif = run "batcher-x86_64" { inherit base; } "cp -r ${whole} $out";
        };
    in
    {
      lib.x86_64-linux.x86_64 = { inherit makeAppEif; };
      packages.x86_64-linux.enclaver = run "enclaver" { } ''
        mkdir -p $out/bin
        echo '#!/bin/sh' >$out/bin/enclaver
        chmod 0555 $out/bin/enclaver
      '';
    };
}
