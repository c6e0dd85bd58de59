#!/usr/bin/env bash
# Passwords and keys of the fleet in docker-compose.yml, each in a folder that only its own user can read. What is there
# already stays; ADMIN_API_KEY is taken over anew each time.
set -euo pipefail
umask 077
root=$1
members=mongo1:27017,mongo2:27017,mongo3:27017

random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
once() { [ -s "$1" ] || cat >"$1"; }
# The folder and all in it belong to one user of the containers.
give() { chown -R "$2" "$root/$1" && chmod 0700 "$root/$1" && chmod 0400 "$root/$1"/*; }

# Wraps the keys of people; for those who show or act on personal data.
mkdir -p "$root/master"
[ -s "$root/master/key" ] || head -c 32 /dev/urandom | base64 >"$root/master/key"
chmod 0700 "$root/master"

# Logins that are nobody's alone; copies are in the folders of those who need them. Only `mongo-users` reads these.
for login in keys register; do
  mkdir -p "$root/$login"
  once "$root/$login/mongodb-url" <<<"mongodb://$login:$(random)@$members/?replicaSet=rs0&authSource=admin"
done

# name=user, as in docker-compose.yml; `millrace database-users` says what each may do in MongoDB.
for each in prepare=1100 gateway=1101 reference=1111 catalog=1112 pricing=1113 inventory=1114 \
  cart=1115 ordering=1116 payment=1117 storefront=1118 privacy=1119 analytics=1120 operations=1121; do
  name=${each%=*}
  mkdir -p "$root/$name"
  once "$root/$name/mongodb-url" <<<"mongodb://$name:$(random)@$members/?replicaSet=rs0&authSource=admin"
  case $name in prepare | gateway) printf '%s' "$ADMIN_API_KEY" >"$root/$name/admin-api-key" ;; esac
  case $name in prepare | gateway | operations) ;; *) cp "$root/register/mongodb-url" "$root/$name/mongodb-url-operations" ;; esac
  case $name in cart | ordering | payment | privacy | analytics | operations)
    cp "$root/keys/mongodb-url" "$root/$name/mongodb-url-keys"
    ;;
  esac
  case $name in
  prepare | cart | ordering | payment | privacy | analytics | operations)
    cp "$root/master/key" "$root/$name/master-key"
    ;;
  esac
  give "$name" "${each#*=}:0"
done

mkdir -p "$root/mongodb"
once "$root/mongodb/keyfile" <<<"$(random)"
once "$root/mongodb/admin-password" <<<"$(random)"
give mongodb 999:999

mkdir -p "$root/prometheus"
printf '%s' "$ADMIN_API_KEY" >"$root/prometheus/api-key"
give prometheus 65534:65534

# What every service signs and checks shopper tokens with, and what it knows the gateway by.
mkdir -p "$root/shared"
once "$root/shared/shopper-secret" <<<"$(random)"
# What the gateway signs its requests to services with.
once "$root/shared/service-key" <<<"$(random)"
chmod 0755 "$root" "$root/shared" && chmod 0444 "$root/shared"/*
