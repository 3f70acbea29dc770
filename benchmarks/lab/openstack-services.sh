# Runs inside the chroot of `openstack up`: writes the services' files, makes the databases once, starts what does not run.
# Settings come from the environment, see in_cloud in `openstack`; everything written is below LAB_STATE.
set -euo pipefail
HERE=$(dirname "$(readlink -f "$0")")
S=$LAB_STATE
SINCE=$(date +%s)
say() { echo "  $*"; }
fail() { local name=$1; shift; echo "openstack: $*"; tail -n 15 "$S/log/$name".* 2>/dev/null; exit 1; }

KEYSTONE=$LAB_PORT GLANCE=$((LAB_PORT + 1)) CINDER=$((LAB_PORT + 2)) NOVA=$((LAB_PORT + 3)) PLACEMENT=$((LAB_PORT + 4)) NEUTRON=$((LAB_PORT + 5))
MYSQL=$((LAB_PORT + 6)) RABBIT=$((LAB_PORT + 7)) RABBIT_DIST=$((LAB_PORT + 8)) EPMD=$((LAB_PORT + 9)) MEMCACHED=$((LAB_PORT + 10))
CINDER_SECRET=457eb676-33da-42ec-9a8c-9293d545c337 NOVA_SECRET=457eb676-33da-42ec-9a8c-9293d545c338
PACKAGES=/packages

umask 022
mkdir -p "$S"/{log,run,bin,mysql,rabbit/mnesia,libvirt/sockets,tmp} "$S"/etc/{keystone,glance,cinder,nova,placement} "$S"/data/{glance,cinder,nova,locks,coordination}
export HOME=$S TMPDIR=$S/tmp PATH="$S/bin:$PACKAGES/usr/bin:$PATH" PYTHONWARNINGS=ignore
# rootwrap and privsep call sudo; we are root already
printf '#!/bin/sh\nwhile :; do case "$1" in -n|-E|-H) shift;; *) break;; esac; done\nexec "$@"\n' >"$S/bin/sudo"
chmod 755 "$S/bin/sudo"

# ----------------------------------------------------------------------------------------------------------- processes
started_at() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null; }
alive() { local pid; pid=$(cat "$S/run/$1.pid" 2>/dev/null) && [ "$(started_at "$pid")" = "$(cat "$S/run/$1.started" 2>/dev/null)" ]; }
tree() { local child; for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do tree "$child"; done; echo "$1"; }

# start NAME SETTINGS COMMAND...: detached, with its pid and start time on record; started again when the file SETTINGS has changed
start() {
  local name=$1 settings=$2 sum pid i
  shift 2
  # How long a page is concerns the APIs only
  sum=$({ echo "$@"; case $name in *-api) cat "$settings" ;; *) grep -v max_limit "$settings" ;; esac || true; } | cksum)
  if alive "$name"; then
    [ "$sum" != "$(cat "$S/run/$name.settings" 2>/dev/null)" ] || return 0
    say "$name has new settings"
    pid=$(tree "$(cat "$S/run/$name.pid")")
    kill $pid 2>/dev/null || true
    for ((i = 0; i < 50; i++)); do alive "$name" || break; sleep 0.1; done
    kill -KILL $pid 2>/dev/null || true
  fi
  setsid "$@" >>"$S/log/$name.out" 2>&1 </dev/null &
  pid=$!
  disown
  echo $pid >"$S/run/$name.pid"
  echo "$sum" >"$S/run/$name.settings"
  started_at $pid >"$S/run/$name.started" || true
}

# until_true SECONDS NAME CONDITION...: fails when the service ends or the time is up
until_true() {
  local end=$((SECONDS + $1)) name=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$name" || fail "$name" "$name ended"
    [ $SECONDS -lt $end ] || fail "$name" "$name is not ready: $*"
    sleep 0.1
  done
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ------------------------------------------------------------------------------------------------------------ settings
database() { echo "mysql+pymysql://root@127.0.0.1:$MYSQL/$1?charset=utf8"; }

# login USER: how a service authenticates to Keystone
login() {
  cat <<TEXT
auth_url = http://127.0.0.1:$KEYSTONE/
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = $1
password = $LAB_PASSWORD
region_name = RegionOne
TEXT
}

# common NAME: what all services share
common() {
  cat <<TEXT
[database]
connection = $(database "$1")
max_pool_size = 10
[oslo_concurrency]
lock_path = $S/data/locks
[oslo_messaging_rabbit]
heartbeat_in_pthread = false
[oslo_policy]
enforce_scope = false
enforce_new_defaults = false
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$KEYSTONE/
memcached_servers = 127.0.0.1:$MEMCACHED
token_cache_time = 30
service_token_roles = service
service_token_roles_required = true
interface = internal
$(login "$1")
[service_user]
send_service_user_token = true
$(login "$1")
TEXT
}

# backend NAME POOL
backend() {
  cat <<TEXT
[$1]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = $1
rbd_pool = $2
rbd_ceph_conf = $CEPH_CONF
rbd_user = cinder
rbd_secret_uuid = $CINDER_SECRET
rbd_flatten_volume_from_snapshot = false
rbd_max_clone_depth = 5
rados_connect_timeout = 10
report_discard_supported = true
TEXT
}

# A short heartbeat and no fuzzy delay: a service counts as up within seconds
heartbeat() { printf 'report_interval = 2\nperiodic_fuzzy_delay = 0\nservice_down_time = 60\n'; }

# Under memcached a Keystone call takes 45 ms in place of 300 to 500
cat >"$S/etc/keystone/keystone.conf" <<TEXT
[DEFAULT]
log_dir = $S/log
log_file = keystone.log
public_endpoint = http://127.0.0.1:$KEYSTONE/
[database]
connection = $(database keystone)
[token]
provider = fernet
expiration = $TOKEN_TTL
[fernet_tokens]
key_repository = $S/etc/keystone/fernet
[credential]
key_repository = $S/etc/keystone/credential
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = 127.0.0.1:$MEMCACHED
expiration_time = 60
[identity]
password_hash_algorithm = bcrypt
password_hash_rounds = 4
TEXT

cat >"$S/etc/glance/glance-api.conf" <<TEXT
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $GLANCE
workers = 0
log_file = $S/log/glance-api.log
show_image_direct_url = true
show_multiple_locations = true
[glance_store]
stores = rbd
default_store = rbd
rbd_store_pool = images
rbd_store_user = glance
rbd_store_ceph_conf = $CEPH_CONF
rbd_store_chunk_size = 8
[paste_deploy]
flavor = keystone
config_file = $PACKAGES/usr/share/glance-common/glance-api-paste.ini
[task]
work_dir = $S/data/glance
$(common glance)
TEXT

# Without the filter for capacity: between two looks at a backend, a minute apart, the scheduler books thin volumes and snapshots at their
# full size, and the tests take more of them than the lab's disk could hold
cat >"$S/etc/cinder/cinder.conf" <<TEXT
[DEFAULT]
scheduler_default_filters = AvailabilityZoneFilter,CapabilitiesFilter
transport_url = rabbit://guest:guest@127.0.0.1:$RABBIT/
auth_strategy = keystone
my_ip = 127.0.0.1
host = lab-host
log_dir = $S/log
state_path = $S/data/cinder
api_paste_config = $PACKAGES/usr/share/cinder-common/api-paste.ini
rootwrap_config = $S/etc/cinder/rootwrap.conf
resource_query_filters_file = $PACKAGES/etc/cinder/resource_filters.json
osapi_volume_listen = 127.0.0.1
osapi_volume_listen_port = $CINDER
osapi_volume_workers = 1
osapi_max_limit = $MAX_LIMIT
enabled_backends = ceph-ssd,ceph-hdd
default_volume_type = ceph-ssd
glance_api_servers = http://127.0.0.1:$GLANCE
allowed_direct_url_schemes = rbd
image_conversion_dir = $S/data/cinder/conversion
backend_stats_polling_interval = 10
$(heartbeat)
[coordination]
backend_url = file://$S/data/coordination
[key_manager]
backend = cinder.keymgr.conf_key_mgr.ConfKeyManager
fixed_key = 0000000000000000000000000000000000000000000000000000000000000000
[nova]
interface = internal
token_auth_url = http://127.0.0.1:$KEYSTONE/
$(login cinder)
$(backend ceph-ssd volumes)
$(backend ceph-hdd volumes-hdd)
$(common cinder)
TEXT

cat >"$S/etc/placement/placement.conf" <<TEXT
[DEFAULT]
log_file = $S/log/placement.log
[api]
auth_strategy = keystone
[placement_database]
connection = $(database placement)
$(common placement)
TEXT

cat >"$S/etc/nova/nova.conf" <<TEXT
[DEFAULT]
transport_url = rabbit://guest:guest@127.0.0.1:$RABBIT/
my_ip = 127.0.0.1
host = lab-host
log_dir = $S/log
state_path = $S/data/nova
instances_path = $S/data/nova/instances
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $NOVA
osapi_compute_workers = 1
compute_driver = libvirt.LibvirtDriver
rootwrap_config = $S/etc/nova/rootwrap.conf
use_rootwrap_daemon = false
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
# the guests have no operating system that would obey a shutdown
shutdown_timeout = 1
resume_guests_state_on_host_boot = true
heal_instance_info_cache_interval = -1
block_device_allocate_retries = 120
block_device_allocate_retries_interval = 1
flat_injected = false
$(heartbeat)
[api]
auth_strategy = keystone
max_limit = $MAX_LIMIT
[wsgi]
api_paste_config = $S/etc/nova/api-paste.ini
[api_database]
connection = $(database nova_api)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 3
[upgrade_levels]
compute = auto
[glance]
api_servers = http://127.0.0.1:$GLANCE
[cinder]
catalog_info = volumev3::publicURL
os_region_name = RegionOne
$(login nova)
[placement]
$(login nova)
[neutron]
endpoint_override = http://127.0.0.1:$NEUTRON
$(login nova)
[key_manager]
backend = nova.keymgr.conf_key_mgr.ConfKeyManager
fixed_key = 0000000000000000000000000000000000000000000000000000000000000000
[quota]
instances = 50
cores = 100
ram = 102400
[vnc]
enabled = false
[spice]
enabled = false
[libvirt]
connection_uri = qemu+unix:///system?socket=$S/libvirt/sockets/libvirt-sock
virt_type = qemu
cpu_mode = none
images_type = rbd
images_rbd_pool = vms
images_rbd_ceph_conf = $CEPH_CONF
rbd_user = $NOVA_CEPH_USER
rbd_secret_uuid = $NOVA_SECRET
inject_partition = -2
hw_disk_discard = unmap
disk_cachemodes = network=writeback
$(common nova)
TEXT
for paste in "$PACKAGES"/usr/share/nova-common/api-paste.ini "$PACKAGES"/etc/nova/api-paste.ini; do [ ! -f "$paste" ] || { cp "$paste" "$S/etc/nova/api-paste.ini"; break; }; done
for name in cinder nova; do
  sed "s#^filters_path.*#filters_path=$PACKAGES/etc/$name/rootwrap.d,/usr/share/os-brick/rootwrap#; s#^use_syslog.*#use_syslog=False#" "$PACKAGES/etc/$name/rootwrap.conf" >"$S/etc/$name/rootwrap.conf"
done

printf 'listeners.tcp.1 = 127.0.0.1:%s\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\nlog.file.level = warning\n' "$RABBIT" >"$S/rabbit/rabbitmq.conf"
echo '[].' >"$S/rabbit/plugins"

[ -f "$S/libvirt/host" ] || cat /proc/sys/kernel/random/uuid >"$S/libvirt/host"
cat >"$S/libvirt/libvirtd.conf" <<TEXT
unix_sock_dir = "$S/libvirt/sockets"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:$S/log/libvirtd.log"
host_uuid = "$(cat "$S/libvirt/host")"
TEXT
# The qemu driver reads this path only
cat >/etc/libvirt/qemu.conf <<TEXT
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
max_core = 0
TEXT

# libvirt tells the BIOS, by which the guests write, to leave out all disks but the first
QEMU=/usr/bin/qemu-system-x86_64
if [ ! -e $QEMU.packaged ]; then
  printf '#!/bin/bash\nexec %s.packaged "${@/#strict=on/strict=off}"\n' $QEMU >$QEMU.wrapper
  chmod 755 $QEMU.wrapper
  mv $QEMU $QEMU.packaged
  mv $QEMU.wrapper $QEMU
fi

# ---------------------------------------------------------------------------------------------- database, queue, cache
if [ ! -e "$S/mysql/made" ]; then
  mariadb-install-db --no-defaults --datadir="$S/mysql" --user=root --auth-root-authentication-method=normal --skip-test-db >"$S/log/mysql-install.out" 2>&1 || fail mysql-install "no data folder"
  touch "$S/mysql/made"
fi
start mysql /dev/null mariadbd --no-defaults --datadir="$S/mysql" --socket="$S/run/mysql.sock" --user=root --port=$MYSQL --bind-address=127.0.0.1 \
  --pid-file="$S/run/mariadbd-own.id" --log-error="$S/log/mysql.log" --skip-name-resolve --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \
  --innodb-buffer-pool-size=128M --innodb-log-file-size=32M --performance-schema=OFF --max-connections=400 --character-set-server=utf8 --collation-server=utf8_general_ci
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$EPMD
start epmd /dev/null epmd -address 127.0.0.1 -port $EPMD # RabbitMQ would leave its own behind
start rabbit "$S/rabbit/rabbitmq.conf" env HOME="$S/rabbit" RABBITMQ_NODENAME="lab$LAB_PORT@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$RABBIT \
  RABBITMQ_DIST_PORT=$RABBIT_DIST RABBITMQ_MNESIA_BASE="$S/rabbit/mnesia" RABBITMQ_LOG_BASE="$S/log" RABBITMQ_CONFIG_FILE="$S/rabbit/rabbitmq.conf" \
  RABBITMQ_ENABLED_PLUGINS_FILE="$S/rabbit/plugins" RABBITMQ_PID_FILE="$S/run/rabbit-own.id" RABBITMQ_CONF_ENV_FILE=/nonexistent \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}" /usr/lib/rabbitmq/bin/rabbitmq-server
start memcached /dev/null memcached -u root -l 127.0.0.1 -p $MEMCACHED -m 32 -U 0

# ----------------------------------------------------------------------------------------------------------- databases
wsgi() {
  local name=$1 settings=$2 port=$3 threads=$4 file=$5 options=$6
  start "$name" "$settings" env OS_PLACEMENT_CONFIG_DIR="$S/etc/placement" uwsgi --plugin python3 --http-socket "127.0.0.1:$port" --master --die-on-term --lazy-apps \
    --processes 1 --threads "$threads" --enable-threads --buffer-size 65535 --rem-header Content-Length --wsgi-file "$file" --pyargv "$options" --logto "$S/log/$name-uwsgi.log"
}
keystone_up() {
  wsgi keystone "$S/etc/keystone/keystone.conf" $KEYSTONE 6 /usr/bin/keystone-wsgi-public "--config-file $S/etc/keystone/keystone.conf"
  until_true 60 keystone curl -sf -o /dev/null "http://127.0.0.1:$KEYSTONE/v3"
}
SQL="mariadb --no-defaults -uroot --socket=$S/run/mysql.sock"
sync_keystone() {
  local manage="keystone-manage --config-file $S/etc/keystone/keystone.conf" url=http://127.0.0.1:$KEYSTONE/v3/
  $manage db_sync
  $manage fernet_setup --keystone-user root --keystone-group root
  $manage credential_setup --keystone-user root --keystone-group root
  OS_BOOTSTRAP_PASSWORD=$LAB_PASSWORD $manage bootstrap --bootstrap-admin-url $url --bootstrap-internal-url $url --bootstrap-public-url $url --bootstrap-region-id RegionOne
  keystone_up
  python3 "$HERE/seed.py" identity
}
sync_volumes() {
  glance-manage --config-file "$S/etc/glance/glance-api.conf" db_sync
  cinder-manage --config-file "$S/etc/cinder/cinder.conf" db sync
}
sync_compute() {
  local manage="nova-manage --config-file $S/etc/nova/nova.conf"
  $manage api_db sync
  $manage cell_v2 map_cell0 --database_connection "$(database nova_cell0)"
  $manage db sync
  [[ $($manage cell_v2 list_cells) == *cell1* ]] || $manage cell_v2 create_cell --name cell1
  OS_PLACEMENT_CONFIG_DIR="$S/etc/placement" placement-manage --config-file "$S/etc/placement/placement.conf" db sync
}
until_true 60 mysql $SQL -e 'select 1'
if [ ! -e "$S/data/databases-made" ]; then
  $SQL -e "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION; FLUSH PRIVILEGES;$(for name in keystone glance cinder placement nova nova_api nova_cell0; do printf 'CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8;' $name; done)"
  # At once, and in the background also because bash ignores `set -e` before `||`
  sync_keystone >"$S/log/sync-keystone.out" 2>&1 & keystone=$!
  sync_volumes >"$S/log/sync-volumes.out" 2>&1 & volumes=$!
  sync_compute >"$S/log/sync-compute.out" 2>&1 & compute=$!
  wait $keystone || fail sync-keystone "no Keystone"
  wait $volumes || fail sync-volumes "no databases for Glance and Cinder"
  wait $compute || fail sync-compute "no databases for Nova and Placement"
  touch "$S/data/databases-made"
  say "databases made"
fi

# ------------------------------------------------------------------------------------------------------------ services
keystone_up
until_true 60 rabbit listens $RABBIT
say "Keystone, database and queue up"
start glance-api "$S/etc/glance/glance-api.conf" glance-api --config-file "$S/etc/glance/glance-api.conf"
for name in cinder-scheduler cinder-volume cinder-api; do start $name "$S/etc/cinder/cinder.conf" $name --config-file "$S/etc/cinder/cinder.conf"; done
start neutron-stub /dev/null python3 "$HERE/neutron-stub.py" $NEUTRON
wsgi placement "$S/etc/placement/placement.conf" $PLACEMENT 4 /usr/bin/placement-api ""
start libvirtd "$S/libvirt/libvirtd.conf" libvirtd --config "$S/libvirt/libvirtd.conf" --pid-file "$S/run/libvirtd-own.id"
for name in nova-conductor nova-scheduler nova-api; do start $name "$S/etc/nova/nova.conf" $name --config-file "$S/etc/nova/nova.conf"; done

virsh() { command virsh -q -c "qemu+unix:///system?socket=$S/libvirt/sockets/libvirt-sock" "$@"; }
# secret UUID USER: the key by which qemu opens disks
secret() {
  local key
  key=$(awk '$1 == "key" {print $3}' "$(dirname "$CEPH_CONF")/ceph.client.$2.keyring")
  printf "<secret ephemeral='no' private='no'><uuid>%s</uuid><usage type='ceph'><name>client.%s %s</name></usage></secret>" "$1" "$2" "$1" >"$S/tmp/secret.xml"
  [ "$(virsh secret-get-value "$1" 2>/dev/null)" = "$key" ] || { virsh secret-define "$S/tmp/secret.xml"; virsh secret-set-value "$1" "$key"; } >>"$S/log/secrets.out" 2>&1
}
until_true 30 libvirtd virsh version
[ "$(cat "$S/libvirt/nova-user" 2>/dev/null)" = "$NOVA_CEPH_USER" ] || { virsh secret-undefine $NOVA_SECRET || true; echo "$NOVA_CEPH_USER" >"$S/libvirt/nova-user"; } >/dev/null 2>&1
secret $CINDER_SECRET cinder
secret $NOVA_SECRET "$NOVA_CEPH_USER"
start nova-compute "$S/etc/nova/nova.conf" nova-compute --config-file "$S/etc/nova/nova.conf"
until_true 90 glance-api listens $GLANCE
until_true 90 cinder-api listens $CINDER
until_true 90 placement listens $PLACEMENT
until_true 90 nova-api listens $NOVA
say "APIs up"
python3 "$HERE/seed.py" wait "$SINCE"
python3 "$HERE/seed.py" resources
