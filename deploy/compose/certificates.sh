#!/usr/bin/env bash
# An authority of its own and a certificate for each node of the EventStoreDB in docker-compose.yml; what is there stays.
set -euo pipefail
cd "$1"
[ -s ca/ca.crt ] || es-gencert-cli create-ca -out ca
for node in 1 2 3; do
  [ -s "node$node/node.crt" ] || es-gencert-cli create-node -ca-certificate ca/ca.crt -ca-key ca/ca.key \
    -out "node$node" -ip-addresses "127.0.0.1,172.30.240.1$node" -dns-names "localhost,eventstore$node"
done
# EventStoreDB runs as user 1000; everybody may know the authority, only this container its key.
chown -R 1000:1000 node1 node2 node3
chmod 0755 . ca && chmod 0700 node1 node2 node3
chmod 0644 ca/ca.crt && chmod 0600 ca/ca.key
