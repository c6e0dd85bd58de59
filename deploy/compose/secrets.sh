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

# name=user, as in docker-compose.yml; deploy/mongodb/users.js says what each may do.
for each in prepare=1100 gateway=1101 serve-storefront=1102 serve-backoffice=1103 serve-reference=1104 \
  serve-analytics=1105 serve-operations=1106 work-reference=1111 work-catalog=1112 work-pricing=1113 \
  work-inventory=1114 work-cart=1115 work-ordering=1116 work-payment=1117 work-storefront=1118 work-analytics=1119 \
  work-privacy=1120; do
  name=${each%=*}
  mkdir -p "$root/$name"
  once "$root/$name/mongodb-url" <<<"mongodb://$name:$(random)@$members/?replicaSet=rs0&authSource=admin"
  case $name in prepare | gateway) printf '%s' "$ADMIN_API_KEY" >"$root/$name/admin-api-key" ;; esac
  case $name in
  prepare | serve-storefront | serve-backoffice | serve-analytics | work-ordering | work-payment | work-privacy)
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

# What every service signs and checks shopper tokens with.
mkdir -p "$root/shared"
once "$root/shared/shopper-secret" <<<"$(random)"
chmod 0755 "$root" "$root/shared" && chmod 0444 "$root/shared"/*
