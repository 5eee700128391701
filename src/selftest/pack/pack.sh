# The pack for a POSIX shell: makes tries with what the vantage has, and says what came of them. The bootstrap reads it
# from its input and runs it; nothing of it is laid anywhere. `unable` names the tool that is missing.
# shellcheck shell=sh disable=SC2034,SC2154,SC2086
LC_ALL=C
export LC_ALL
set -f

ap_has() { command -v "$1" >/dev/null 2>&1; }

# Value $1 as a word of the answer, in ap_w: bytes outside the safe set as \0ooo.
ap_escape() {
  case $1 in
    *[!A-Za-z0-9_./:@,+=-]*) ap_w=$(printf %s "$1" | od -An -v -t o1 2>/dev/null | tr -s ' \n' '\n\n' | sed -n 's/^\([0-7][0-7]*\)$/\\0\1/p' | tr -d '\n') ;;
    *) ap_w=$1 ;;
  esac
}

ap_find_sha() {
  for ap_sha_with in sha256sum busybox shasum openssl perl python3; do
    ap_has "$ap_sha_with" || continue
    ap_hash "$(printf '')"
    [ "$ap_h" = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] && return 0
  done
  ap_sha_with=
  return 1
}

# SHA-256 of the input, as its tool prints it.
ap_sha() {
  case $ap_sha_with in
    sha256sum) sha256sum ;;
    busybox) busybox sha256sum ;;
    shasum) shasum -a 256 ;;
    openssl) openssl dgst -sha256 ;;
    perl) perl -MDigest::SHA=sha256_hex -e 'local $/; print sha256_hex(<STDIN>)' ;;
    python3) python3 -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())' ;;
  esac 2>/dev/null
}

# The bare hex of what ap_sha printed, in ap_h.
ap_hex() {
  case $1 in
    *'= '*) ap_h=${1##* } ;;
    *) ap_h=${1%% *} ;;
  esac
}

ap_hash() { ap_hex "$(printf %s "$1" | ap_sha)"; }

# What a line or the pack itself is summed up as, in ap_s; empty where there is no tool for it.
ap_sum_up() {
  if [ -n "$ap_sha_with" ]; then
    ap_hash "$1"
    ap_s=${ap_h%"${ap_h#????????????????}"}
  else
    ap_s=$(printf %s "$1" | cksum)
    ap_s=${ap_s%% *}
  fi
}

ap_set() {
  ap_outcome=$1
  ap_reason=$2
}

# The system's code in a complaint, in ap_code.
ap_code_of() {
  case $1 in
    *'not permitted'* | *'must be superuser'*) ap_code=EPERM ;;
    *'ermission denied'*) ap_code=EACCES ;;
    *'ead-only file system'*) ap_code=EROFS ;;
    *'Not a directory'*) ap_code=ENOTDIR ;;
    *'s a directory'*) ap_code=EISDIR ;;
    *'name resolution'*) ap_code=EAI_AGAIN ;;
    *'not known'* | *'bad address'* | *'nodename'* | *'not resolve'*) ap_code=ENOTFOUND ;;
    *'o such device'*) ap_code=ENXIO ;;
    *'o such file'* | *'nonexistent'* | *'not found'* | *"can't open"*) ap_code=ENOENT ;;
    *' busy'*) ap_code=EBUSY ;;
    *'nvalid argument'* | *'not mounted'*) ap_code=EINVAL ;;
    *'oo many open files'*) ap_code=EMFILE ;;
    *'annot allocate'* | *'annot fork'*) ap_code=ENOMEM ;;
    *'temporarily unavailable'*) ap_code=EAGAIN ;;
    *'oo many levels'*) ap_code=ELOOP ;;
    *'ile exists'*) ap_code=EEXIST ;;
    *'ross-device'*) ap_code=EXDEV ;;
    *'o space left'*) ap_code=ENOSPC ;;
    *'onnection refused'*) ap_code=ECONNREFUSED ;;
    *'o route to host'*) ap_code=EHOSTUNREACH ;;
    *'is unreachable'*) ap_code=ENETUNREACH ;;
    *'imed out'*) ap_code=ETIMEDOUT ;;
    *'ddress family'*) ap_code=EAFNOSUPPORT ;;
    *'ssign requested'*) ap_code=EADDRNOTAVAIL ;;
    *) ap_code=unknown ;;
  esac
}

# An outcome from a code: what tells of the machine's state is an error, not a refusal.
ap_failed() {
  case $1 in
    ETIMEDOUT) ap_set timeout "$1" ;;
    EMFILE | ENFILE | ENOMEM | EAGAIN | ENOBUFS | EIO | EINTR | ENOSPC | EDQUOT | ESTALE | unknown | '') ap_set error "${1:-unknown}" ;;
    *) ap_set refused "$1" ;;
  esac
}

# What refused the path $1 by its mode: it, or the nearest folder above it that can be looked at; with $2 what of it was
# asked for. No mode on a read-only mount, which keeps modes as they are.
ap_refused_by() {
  ap_p=${2:-$1}
  while :; do
    if ap_v=$(stat -L -c '%u %a' "$ap_p" 2>/dev/null); then
      ap_extra="$ap_extra owner=${ap_v% *}"
      ap_find_mount "$(readlink -f "$ap_p" 2>/dev/null || printf %s "$ap_p")"
      case ,$ap_flags, in *,ro,*) ;; *) ap_extra="$ap_extra mode=${ap_v#* }" ;; esac
      if [ "$ap_p" = "$1" ]; then
        ap_extra="$ap_extra part=itself"
      else
        ap_extra="$ap_extra part=folder"
        [ -n "$ap_at" ] || ap_at=$ap_p
      fi
      return
    fi
    [ "$ap_p" = / ] && return
    ap_p=${ap_p%/*}
    ap_p=${ap_p:-/}
  done
}

# How a time limit is kept: GNU timeout ends the whole group, other ones only the program they started.
ap_limiter=plain
ap_has setsid && ap_limiter=setsid
ap_has timeout && case $(timeout --version 2>/dev/null) in *GNU*) ap_limiter=timeout ;; esac

# Runs "$@" for at most the try's time, 137 when that ended it. What it started ends with it, where it can be had.
ap_limit() {
  if [ "$ap_limiter" = timeout ]; then
    timeout -s KILL "$ap_seconds" "$@"
    return
  fi
  # A program in the background gets no input of its own accord.
  exec 6<&0
  if [ "$ap_limiter" = setsid ]; then
    setsid "$@" <&6 6<&- &
    ap_job=$!
    ap_target=-$ap_job
  else
    "$@" <&6 6<&- &
    ap_job=$!
    ap_target=$ap_job
  fi
  (
    sleep "$ap_seconds"
    kill -9 "$ap_target" || kill -9 "$ap_job"
  ) >/dev/null 2>&1 4>&- 5>&- 6<&- &
  ap_guard=$!
  exec 6<&-
  wait "$ap_job"
  ap_rc=$?
  kill "$ap_guard" 2>/dev/null
  return "$ap_rc"
}

# Compares what the command in "$@" prints with what is asked for.
ap_compare() {
  if [ -n "$ap_bring" ]; then
    ap_c=$("$@" 2>/dev/null | dd bs=201 count=1 2>/dev/null; printf .)
    ap_c=${ap_c%.}
    if [ ${#ap_c} -gt 200 ]; then
      ap_extra="$ap_extra matched=0"
      ap_set refused masked
    else
      ap_escape "$ap_c"
      ap_extra="$ap_extra brought=$ap_w size=<1kB"
      ap_set done read
    fi
    return
  fi
  if [ -z "$ap_sha_with" ]; then
    ap_set unable sha256sum
    return
  fi
  # A reader that was cut short has shown no other content. One whose reader has enough is ended by SIGPIPE, 141.
  ap_err=$({
    {
      printf %s "$ap_challenge_key"
      { "$@" 2>/dev/null || [ $? = 141 ] || printf 'failed ' >&7; } | head -c 4000000
    } | ap_sha
  } 7>&1)
  ap_hex "${ap_err#failed }"
  if [ "$ap_h" = "$ap_challenge_digest" ]; then
    ap_size "$("$@" 2>/dev/null | wc -c)"
    ap_extra="$ap_extra matched=1"
    ap_set done read
  elif [ -n "$ap_challenge_lines" ] && ap_shares_line "$@"; then
    ap_extra="$ap_extra matched=1"
    ap_set done copy
  elif [ "${ap_err#failed }" != "$ap_err" ]; then
    ap_err=$("$@" 2>&1 >/dev/null)
    ap_code_of "${ap_err##*: }"
    ap_set error "$ap_code"
  else
    ap_extra="$ap_extra matched=0"
    ap_set refused masked
  fi
}

# Whether a line of what "$@" prints is one of the lines asked for, whatever stands before and after it.
ap_shares_line() {
  ap_shared=$("$@" 2>/dev/null | head -c 4000000 | tr -d '\r\000' | head -n 400 | while read -r ap_l || [ -n "$ap_l" ]; do
    ap_hash "$ap_challenge_key$ap_l"
    case ,$ap_challenge_lines, in *",${ap_h%"${ap_h#????????????????}"},"*)
      printf yes
      break
      ;;
    esac
  done)
  [ -n "$ap_shared" ]
}

ap_size() {
  if [ "$1" -lt 1000 ]; then
    ap_extra="$ap_extra size=<1kB"
  elif [ "$1" -lt 10000 ]; then
    ap_extra="$ap_extra size=<10kB"
  elif [ "$1" -lt 100000 ]; then
    ap_extra="$ap_extra size=<100kB"
  else
    ap_extra="$ap_extra size=>=100kB"
  fi
}

# Reads the file $1; looks at what it is first, so that no FIFO or device is ever opened.
ap_read_file() {
  if [ -d "$1" ]; then
    ap_set refused EISDIR
  elif [ -e "$1" ] && [ ! -f "$1" ]; then
    ap_set refused ENOTREG
  elif ap_err=$( (exec 3<"$1") 2>&1); then
    ap_compare cat "$1"
  else
    ap_code_of "${ap_err##*: }"
    ap_failed "$ap_code"
    case $ap_code in EACCES | EPERM) ap_refused_by "$1" ;; esac
  fi
}

# Keeps the most telling of several results; 0 when nothing more need be tried.
ap_rank=9
ap_keep() {
  ap_r=5
  case $ap_outcome:$ap_reason in
    done:*) ap_r=0 ;;
    closed:* | silent:*) ap_r=1 ;;
    # What could not be looked at may be it, whatever another way showed.
    error:* | timeout:*) ap_r=2 ;;
    refused:masked) ap_r=3 ;;
    unable:*) ap_r=6 ;;
    refused:ENOENT | refused:ENOTDIR) ap_r=5 ;;
    refused:*) ap_r=4 ;;
  esac
  if [ "$ap_r" -lt "$ap_rank" ]; then
    ap_rank=$ap_r
    ap_best_outcome=$ap_outcome ap_best_reason=$ap_reason ap_best_extra=$ap_extra ap_best_at=$1
  fi
  ap_extra=
  ap_at=
  [ "$ap_rank" = 0 ]
}

# The most telling one, or $1 and $2 where there was none. Nothing found is no answer where not everything was looked at.
ap_settle() {
  if [ "$ap_rank" = 9 ]; then
    ap_set "$1" "$2"
  else
    ap_outcome=$ap_best_outcome ap_reason=$ap_best_reason ap_extra=$ap_best_extra ap_at=$ap_best_at
  fi
  if [ -n "$ap_cut" ] && [ "$ap_outcome" != done ]; then
    ap_set error "$ap_cut"
    ap_extra= ap_at=
  fi
}

# A path as a line of a list; for one that is more than a line, why the list is not whole.
ap_item() {
  case $1 in *"$ap_nl"*) printf 'a mount whose name has a line break could not be tried\n' ;; *) printf '%s\n' "$1" ;; esac
}

# Whether the line of a list is a path. What is none says why the list is not whole.
ap_is_path() {
  case $1 in /*) return 0 ;; esac
  ap_cut=$1
  return 1
}

# Field $1 of a mount table as it is meant, in ap_plain: it has each odd byte as \ooo.
ap_decode() {
  ap_plain=$1
  case $1 in *\\*) ;; *) return ;; esac
  ap_odd=
  while :; do
    case $ap_plain in *\\*) ;; *) break ;; esac
    ap_odd="$ap_odd${ap_plain%%\\*}\\0"
    ap_plain=${ap_plain#*\\}
  done
  ap_plain=$(printf '%b.' "$ap_odd$ap_plain")
  ap_plain=${ap_plain%.}
}

# Every place where the file of the place given shows, as a list.
ap_images() {
  [ -n "$ap_place_device" ] || return
  while read -r ap_a ap_b ap_dev ap_root ap_point ap_rest; do
    [ "$ap_dev" = "$ap_place_device" ] || continue
    ap_decode "$ap_root"
    ap_root=${ap_plain%/}
    ap_decode "$ap_point"
    ap_point=${ap_plain%/}
    case $ap_place_path in
      "$ap_root" | "$ap_root"/*) [ "$ap_point${ap_place_path#"$ap_root"}" = "$ap_path" ] || ap_item "$ap_point${ap_place_path#"$ap_root"}" ;;
    esac
  done </proc/self/mountinfo
}

# What is mounted over the path, the latest first, as a list.
ap_covering() {
  ap_list=
  while read -r ap_a ap_b ap_dev ap_root ap_point ap_rest; do
    ap_decode "$ap_point"
    case $ap_path in
      "$ap_plain" | "$ap_plain"/*) [ "$ap_plain" = / ] || ap_list=$(ap_item "$ap_plain")$ap_nl$ap_list ;;
    esac
  done </proc/self/mountinfo
  printf %s "$ap_list"
}

# Whether something is mounted at the path itself.
ap_is_point() {
  while read -r ap_a ap_b ap_dev ap_root ap_point ap_rest; do
    ap_decode "$ap_point"
    [ "$ap_plain" = "$ap_path" ] && return 0
  done </proc/self/mountinfo
  return 1
}

# A guess of a list, each once, and so many of them: 1 when it was the last.
ap_guess() {
  [ "$1" = "$ap_path" ] && return 0
  case $ap_known in *"$ap_nl$1$ap_nl"*) return 0 ;; esac
  ap_known="$ap_known$1$ap_nl"
  ap_n=$((ap_n + 1))
  if [ "$ap_n" -gt 200 ]; then
    printf 'only 200 places were looked at\n'
    return 1
  fi
  ap_item "$1"
}

# Where the path may show that another device's mount hides, as a list: an overlay, FUSE or network mount of a folder above
# it has it under its own rest of the path, and one of the very thing at its mount point. $1 is what may stand there: its
# content, the very file, the very folder. Every mount point is looked at: the table does not tell which are covered.
ap_guesses() {
  [ -n "$ap_place_device" ] || return
  ap_known=$ap_nl
  ap_n=0
  ap_is=-f
  [ "$1" = folder ] && ap_is=-d
  while read -r ap_a ap_b ap_dev ap_root ap_point ap_rest; do
    [ "$ap_dev" = "$ap_place_device" ] && continue
    ap_fs=${ap_rest#*- }
    ap_fs=${ap_fs%% *}
    case $ap_fs in proc | sysfs | cgroup | cgroup2 | devpts | mqueue | devtmpfs | securityfs | debugfs | tracefs | bpf | pstore | configfs | fusectl | hugetlbfs | binfmt_misc | nsfs | autofs | efivarfs | rpc_pipefs) continue ;; esac
    # Those hold copies, and never the very file of another device.
    case $1:$ap_fs in
      content:*) ;;
      *:tmpfs | *:ramfs | *:ext[234] | *:xfs | *:btrfs | *:zfs | *:f2fs | *:jfs | *:reiserfs | *:bcachefs | *:vfat | *:exfat | *:ntfs3 | *:iso9660 | *:udf | *:squashfs | *:erofs) continue ;;
    esac
    ap_decode "$ap_point"
    ap_point=${ap_plain%/}
    if [ -n "$ap_point" ] && [ $ap_is "$ap_point" ]; then
      ap_guess "$ap_point" || return
    fi
    ap_tail=$ap_path
    while [ -n "$ap_tail" ]; do
      if [ $ap_is "$ap_point$ap_tail" ]; then
        ap_guess "$ap_point$ap_tail" || return
      elif [ -d "$ap_point" ] && [ ! -x "$ap_point" ]; then
        # It may not be looked into: who keeps it is said by the try.
        ap_guess "$ap_point$ap_tail" || return
        break
      fi
      case ${ap_tail#/} in */*) ap_tail=/${ap_tail#/*/} ;; *) ap_tail= ;; esac
    done
  done </proc/self/mountinfo
}

# By the mount table; and where a mount hides what it shows, by trying. Another file that stands there says nothing.
ap_read_mounts() {
  ap_found=$(ap_images 2>/dev/null)
  IFS=$ap_nl
  for ap_image in $ap_found; do
    unset IFS
    ap_is_path "$ap_image" || continue
    ap_read_file "$ap_image"
    ap_keep "$ap_image" && break
  done
  unset IFS
  if [ "$ap_rank" != 0 ]; then
    ap_found=$(ap_guesses content 2>/dev/null)
    IFS=$ap_nl
    for ap_image in $ap_found; do
      unset IFS
      ap_is_path "$ap_image" || continue
      ap_read_file "$ap_image"
      case $ap_outcome:$ap_extra in
        done:* | error:* | timeout:* | refused:*mode=*) ap_keep "$ap_image" && break ;;
        unable:*) ap_cut="$ap_reason is missing" ;;
      esac
      ap_extra= ap_at=
    done
    unset IFS
  fi
  ap_settle none 'no second mount'
}

# Whether process $1 is of a try's making: that stands in namespaces of its own, and would be found by the next try.
ap_ours() {
  ap_o=$1
  for ap_n in 1 2 3 4 5 6 7 8; do
    [ "$ap_o" = "$$" ] && return 0
    read -r ap_l 2>/dev/null <"/proc/$ap_o/stat" || return 1
    ap_l=${ap_l##*) }
    ap_l=${ap_l#* }
    ap_o=${ap_l%% *}
    [ "$ap_o" -gt 1 ] || return 1
  done
  return 1
}

# One process for each other root or mount namespace, one a line; `denied` where one refused to be looked into.
# Enough steps up to reach the top of any tree that can be named.
ap_up=/../../../../../../../../../../../../../../../../../../../../..
ap_views() {
  set +f
  ap_own=$(readlink /proc/$$/ns/mnt)
  ap_known=" $ap_own $(stat -L -c '%d:%i' /) "
  {
    # One program for all processes: there may be many.
    ls -l /proc/[0-9]*/ns/mnt
    # A process that was locked into a folder may still stand outside it.
    stat -L -c 'root %n %d:%i' /proc/[0-9]*/root /proc/[0-9]*/cwd$ap_up
  } 2>/dev/null | while IFS= read -r ap_entry; do
    case $ap_entry in
      'root '*)
        ap_v=${ap_entry##* }
        ap_p=${ap_entry#root /proc/}
        ;;
      *' -> '*)
        ap_v=${ap_entry##* -> }
        ap_p=${ap_entry##*/proc/}
        ;;
      *)
        # It refused to be looked into, or it is ours, or it is gone by now.
        ap_p=${ap_entry##*/proc/}
        ap_p=${ap_p%%/*}
        if ! ap_ours "$ap_p" && read -r ap_l 2>/dev/null <"/proc/$ap_p/stat"; then
          case ${ap_l##*) } in Z* | X*) ;; *) printf 'denied\n' ;; esac
        fi
        continue
        ;;
    esac
    case $ap_known in *" $ap_v "*) continue ;; esac
    ap_ours "${ap_p%%/*}" && continue
    ap_known="$ap_known$ap_v "
    case $ap_v in mnt:*) printf '%s other\n' "${ap_p%%/*}" ;; *) printf '%s \n' "${ap_p%%/*}" ;; esac
  done | sort -u
  set -f
}

ap_read_proc() {
  ap_found=$(ap_views)
  IFS=$ap_nl
  for ap_view in $ap_found; do
    unset IFS
    case $ap_view in
      denied) ap_denied=EACCES ;;
      *)
        ap_base=/proc/${ap_view%% *}
        ap_read_file "$ap_base/root$ap_path"
        ap_keep "$ap_base/root$ap_path" && break
        ap_read_file "$ap_base/cwd$ap_up$ap_path"
        ap_keep "$ap_base/cwd/..$ap_path" && break
        ;;
    esac
  done
  unset IFS
  if [ -n "$ap_denied" ]; then ap_settle refused "$ap_denied"; else ap_settle none 'no other tree'; fi
}

# Tries "$@": its complaint if it fails, what it prints if it does not.
ap_try() {
  if ap_err=$("$@" 2>&1 >/dev/null); then
    ap_compare "$@"
  else
    ap_code_of "${ap_err##*: }"
    [ "$ap_code" = unknown ] && ap_code_of "$ap_err"
    ap_failed "$ap_code"
  fi
}

ap_read_umount() {
  ap_found=$(ap_covering)
  if [ -z "$ap_found" ]; then
    ap_set none 'nothing is mounted over it'
    return
  fi
  if ! ap_has unshare; then
    ap_set unable unshare
    return
  fi
  set --
  IFS=$ap_nl
  for ap_point in $ap_found; do
    unset IFS
    ap_is_path "$ap_point" || continue
    set -- "$@" "$ap_point"
    ap_try unshare -m sh -c 'p=$1; shift; mount --make-rprivate / || exit 71
for m; do umount -l "$m" || exit 72; done; exec cat "$p"' sh "$ap_path" "$@"
    ap_keep "umount $ap_point" && break
    case $ap_best_reason in EPERM) break ;; esac
  done
  unset IFS
  ap_settle none 'nothing is mounted over it'
}

ap_read_nsenter() {
  ap_found=$(ap_views)
  IFS=$ap_nl
  for ap_view in $ap_found; do
    unset IFS
    case $ap_view in
      denied) ap_denied=EACCES ;;
      *' other')
        if ! ap_has nsenter; then
          ap_set unable nsenter
          return
        fi
        ap_try nsenter -t "${ap_view%% *}" -m cat "$ap_path"
        ap_keep "nsenter -t ${ap_view%% *}" && break
        ;;
    esac
  done
  unset IFS
  if [ -n "$ap_denied" ]; then ap_settle refused "$ap_denied"; else ap_settle none 'no process in another mount namespace'; fi
}

# Whether a descriptor stands on a mount that is not in our table: then it leads into another tree.
ap_foreign() {
  ap_mount=
  while read -r ap_k ap_v; do
    case $ap_k in mnt_id:) ap_mount=$ap_v ;; esac
  done <"$1"
  [ -n "$ap_mount" ] || return 1
  while read -r ap_a ap_rest; do
    [ "$ap_a" = "$ap_mount" ] && return 1
  done </proc/self/mountinfo
  return 0
}

# Descriptors of the same name and deleted files of every process, and the folders that came with us.
ap_read_fd() {
  case $ap_path$ap_place_path in *"$ap_nl"*) ap_cut='a name with a line break could not be looked for' ;; esac
  set +f
  ap_found=$(ls -l /proc/[0-9]*/fd 2>/dev/null | while IFS= read -r ap_l; do
    # What a name with a line break leads to ends on another line.
    case $ap_l in l*' -> '*)
      ap_f=${ap_l%% -> *}
      ap_f=${ap_f##* }
      ;;
    esac
    case $ap_l in
      /proc/*:)
        ap_p=${ap_l%:}
        ap_skip=
        ap_v=${ap_p#/proc/}
        ap_v=${ap_v%/fd}
        [ "$ap_v" != $$ ] && ap_ours "$ap_v" && ap_skip=1
        ;;
      # Memory that never was a file.
      *' -> /memfd:'*) ;;
      *" -> $ap_path" | *" -> ${ap_place_path:-$ap_path}" | *"/${ap_path##*/}" | *' (deleted)')
        [ -n "$ap_skip" ] || printf '%s/%s\n' "$ap_p" "$ap_f"
        ;;
    esac
  done | head -n 201)
  set -f
  IFS=$ap_nl
  ap_looked=0
  for ap_f in $ap_found; do
    unset IFS
    ap_looked=$((ap_looked + 1))
    if [ "$ap_looked" -gt 200 ]; then
      ap_cut='only 200 open files were read'
      break
    fi
    ap_read_file "$ap_f"
    # Other files that happen to be open say nothing about this one.
    case $ap_outcome in done | error | timeout) ap_keep "$ap_f" && break ;; esac
    ap_extra= ap_at=
  done
  unset IFS
  for ap_n in 3 4 5 6 7 8 9; do
    [ "$ap_rank" = 0 ] && break
    [ -d "/proc/$$/fd/$ap_n" ] || continue
    ap_foreign "/proc/$$/fdinfo/$ap_n" || continue
    ap_read_file "/proc/$$/fd/$ap_n$ap_up$ap_path"
    case $ap_outcome in done | error | timeout) ap_keep "/proc/$$/fd/$ap_n/..$ap_path" ;; esac
    ap_extra= ap_at=
  done
  ap_settle none 'not open anywhere'
}

ap_op_read() {
  case $ap_way in
    direct) ap_read_file "$ap_path" ;;
    mounts) ap_read_mounts ;;
    proc-root) ap_read_proc ;;
    umount) ap_read_umount ;;
    nsenter) ap_read_nsenter ;;
    open-fd) ap_read_fd ;;
  esac
}

ap_op_list() {
  if [ -z "$ap_sha_with" ]; then
    ap_set unable sha256sum
  elif ! ap_err=$( (ls "$ap_path/" >/dev/null) 2>&1); then
    ap_code_of "${ap_err##*: }"
    ap_failed "$ap_code"
    case $ap_code in EACCES | EPERM) ap_refused_by "$ap_path" ;; esac
  else
    set +f
    ap_n=0
    for ap_f in "$ap_path"/* "$ap_path"/.[!.]* "$ap_path"/..?*; do
      ap_n=$((ap_n + 1))
      if [ "$ap_n" -gt 400 ]; then
        set -f
        ap_set error 'only 400 of its names were looked at'
        return
      fi
      ap_hash "$ap_key${ap_f##*/}"
      case " $ap_digests " in
        *" $ap_h "*)
          ap_extra="$ap_extra matched=1"
          ap_set done listed
          return
          ;;
      esac
    done
    ap_extra="$ap_extra matched=0"
    ap_set refused masked
  fi
}

# Runs "$@"; where it fails, the code of its complaint is the outcome.
ap_do() {
  ap_err=$("$@" 2>&1) && return 0
  ap_code_of "${ap_err##*: }"
  ap_failed "$ap_code"
  case $ap_code in EACCES | EPERM) ap_asked && ap_refused_by "$ap_path" "$ap_thing" ;; esac
  return 1
}

# What has to let a write happen, in ap_thing: the file for a change of what is in it, its folder for another one in its place.
ap_asked() {
  case $ap_how in
    in-place) ap_thing=$ap_path ;;
    rename-parent)
      ap_folder
      ap_thing=${ap_dir%/*}
      ;;
    # The copy is made of it, so it has to be read too.
    replace) if [ -r "$ap_path" ] || [ ! -e "$ap_path" ]; then ap_thing=${ap_path%/*}; else ap_thing=$ap_path; fi ;;
    *) ap_thing=${ap_path%/*} ;;
  esac
  ap_thing=${ap_thing:-/}
}

ap_create() (
  set -C
  : >"$ap_path" || exit 1
  printf %s "$ap_content" >>"$ap_path" && exit
  rm -f "$ap_path"
  exit 1
)

# The file is whole before it has its name: nothing reads half of it.
ap_create_whole() (
  [ -n "$ap_aside" ] || exit 1
  ap_new=${ap_path%/*}/${ap_aside##*/}.new
  (
    set -C
    printf %s "$ap_content" >"$ap_new"
  ) && ln "$ap_new" "$ap_path"
  ap_ended=$?
  rm -f "$ap_new"
  exit "$ap_ended"
) 2>/dev/null

ap_in_place() (
  exec 3<>"$ap_path" || exit 1
  exec 3>&-
  dd "if=$ap_path" bs=1 count=1 2>/dev/null | dd "of=$ap_path" bs=1 count=1 conv=notrunc 2>/dev/null
)

ap_folder() {
  if [ "${ap_aside%/*}" = "${ap_path%/*}" ]; then ap_dir=$ap_path; else ap_dir=${ap_path%/*}; fi
}

# The mount that the path lies on: its device, what it shows of that and where in ap_on, ap_top and ap_longest, its kind of
# file system in ap_fs, its options in ap_flags, those of the file system itself in ap_super.
ap_find_mount() {
  ap_fs='' ap_longest='' ap_flags='' ap_super='' ap_on='' ap_top=''
  while read -r ap_a ap_b ap_dev ap_root ap_point ap_rest; do
    ap_decode "$ap_point"
    case $1/ in
      "${ap_plain%/}"/*)
        [ ${#ap_plain} -lt ${#ap_longest} ] && continue
        ap_longest=$ap_plain
        ap_on=$ap_dev
        ap_top=$ap_root
        ap_flags=${ap_rest%% *}
        ap_super=${ap_rest##* }
        ap_fs=${ap_rest#* - }
        ap_fs=${ap_fs%% *}
        ;;
    esac
  done </proc/self/mountinfo
}

# Renames a folder. Where the system cannot, mv would copy it and remove the original: that is never let happen.
ap_rename() {
  if ap_has perl; then
    perl -e 'rename($ARGV[0], $ARGV[1]) or die "rename: $!\n"' "$1" "$2"
  elif ap_has python3; then
    python3 -c 'import os,sys
try: os.rename(sys.argv[1],sys.argv[2])
except OSError as e: sys.exit("rename: "+e.strerror)' "$1" "$2"
  else
    mv "$1" "$2"
  fi
}

# Whether path $1 leads to the place itself, by its own device: such ones are tried by the mount table.
ap_is_at() {
  ap_real=$(readlink -f "$1" 2>/dev/null) || return 1
  ap_find_mount "$ap_real"
  [ "$ap_on" = "$ap_device" ] || return 1
  ap_decode "$ap_top"
  [ "${ap_plain%/}${ap_real#"${ap_longest%/}"}" = "$ap_place_path" ]
}

# Whether path $1 and its guess $2 may be one file: not where the one we know is at its place and is another.
ap_may_be_file() {
  ap_is_at "$2" && return 1
  ap_is_at "$1" && [ -f "$1" ] && [ -r "$1" ] && [ -r "$2" ] && ap_has cmp || return 0
  cmp -s "$1" "$2" 2>/dev/null
  [ $? != 1 ]
}

ap_there() { [ -e "$1" ] || [ -L "$1" ]; }

# The same of folders: not where the one we know has something that the other has not. What other tries of ours lay there
# for a moment is left out.
ap_may_be_folder() {
  ap_is_at "$2" && return 1
  ap_is_at "$1" || return 0
  set +f
  for ap_f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case ${ap_f##*/} in *agent-posture*) continue ;; esac
    if ap_there "$ap_f" && ! ap_there "$2/${ap_f##*/}" && ap_there "$ap_f"; then
      set -f
      return 1
    fi
  done
  set -f
}

# The first byte is written back wherever the file may stand by a mount that hides its source: that changes nothing, and
# the host sees by the file's times whether it was the file.
ap_write_guessed() {
  ap_done=
  IFS=$ap_nl
  for ap_image in $1; do
    unset IFS
    ap_is_path "$ap_image" && ap_may_be_file "$ap_origin" "$ap_image" || continue
    ap_path=$ap_image
    ap_op_write
    # Any of them may have been the file.
    [ "$ap_outcome" = done ] && ap_done="$ap_done${ap_done:+ or }$ap_image"
    ap_keep "${ap_done:-$ap_image}"
  done
  unset IFS
  [ -n "$ap_done" ] && ap_best_at=$ap_done
}

# In a folder that may be another one nothing is made: where one may lead to the file's folder, nothing can be said.
ap_led_to() {
  IFS=$ap_nl
  for ap_image in $1; do
    unset IFS
    ap_is_path "$ap_image" || continue
    if [ -w "$ap_image" ] && [ -x "$ap_image" ]; then
      # For root, a test of ash's says yes on what is mounted read-only too.
      ap_find_mount "$(readlink -f "$ap_image" 2>/dev/null || printf %s "$ap_image")"
      case ,$ap_flags,$ap_super, in *,ro,*) continue ;; esac
      ap_may_be_folder "$ap_path" "$ap_image" || continue
      ap_set error "a mount may lead to it: $ap_image"
    else
      ap_set refused EACCES
      ap_refused_by "$ap_image"
      # On what is mounted read-only there is none that could be lifted.
      case $ap_extra in *mode=*) ;; *) ap_extra= ap_at= && continue ;; esac
    fi
    ap_keep "$ap_image"
  done
  unset IFS
}

# By every other mount of the same file or folder.
ap_write_mounts() {
  ap_origin=$ap_path ap_device=$ap_place_device
  ap_found=$(ap_images 2>/dev/null)
  ap_place_device=
  IFS=$ap_nl
  for ap_image in $ap_found; do
    unset IFS
    ap_is_path "$ap_image" || continue
    ap_path=$ap_image
    ap_op_write
    ap_keep "$ap_image" && break
  done
  unset IFS
  if [ "$ap_rank" != 0 ] && [ "$ap_how" = in-place ]; then
    ap_path=$ap_origin
    ap_write_guessed "$(ap_place_device=$ap_device && ap_guesses file 2>/dev/null)"
  elif [ "$ap_rank" != 0 ]; then
    ap_path=${ap_origin%/*}
    ap_path=${ap_path:-/}
    ap_place_path=${ap_place_path%/*}
    ap_led_to "$(ap_place_device=$ap_device && ap_guesses folder 2>/dev/null)"
  fi
  ap_settle none 'no second mount'
}

ap_op_write() {
  if [ -n "$ap_place_device" ]; then
    ap_write_mounts
    return
  fi
  case $ap_how in
    create)
      # Where the careful way fails, what comes of the plain one counts.
      if [ -e "$ap_path" ]; then
        # What can be taken away keeps nobody from making it: another box that runs beside lays such things.
        ap_find_mount "$ap_path"
        if [ "$ap_longest" = "$ap_path" ]; then
          ap_failed EEXIST
        else
          case ,$ap_flags, in
            *,ro,*) ap_failed EROFS ;;
            *) ap_set error 'something stands there by now, perhaps of a box that runs beside' ;;
          esac
        fi
      elif ap_create_whole || ap_do ap_create; then
        ap_set done created
      fi
      ;;
    in-place)
      if [ -d "$ap_path" ]; then
        ap_set refused EISDIR
      elif [ ! -e "$ap_path" ] && [ ! -L "$ap_path" ] && ls "${ap_path%/*}/" >/dev/null 2>&1; then
        ap_set refused ENOENT
      elif [ -e "$ap_path" ] && [ ! -f "$ap_path" ]; then
        ap_set refused ENOTREG
      else
        ap_do ap_in_place && ap_set done written
      fi
      ;;
    replace)
      if [ -e "$ap_path" ] && [ ! -f "$ap_path" ]; then
        ap_set refused ENOTREG
      elif ap_do cp -p "$ap_path" "$ap_aside.new"; then
        if ap_err=$(ln "$ap_path" "$ap_aside" 2>&1); then
          if ap_do mv -f "$ap_aside.new" "$ap_path"; then ap_set done replaced; else rm -f "$ap_aside"; fi
        else
          ap_code_of "${ap_err##*: }"
          # A file that is a mount of its own cannot be linked, nor renamed over.
          if [ "$ap_code" = EXDEV ] && ap_is_point; then
            ap_set refused EBUSY
          else
            ap_set error "no second name for it: $ap_code"
          fi
        fi
      fi
      rm -f "$ap_aside.new" 2>/dev/null
      ;;
    rename-parent)
      ap_folder
      if ! ap_has perl && ! ap_has python3; then ap_find_mount "$ap_dir"; else ap_fs=; fi
      if [ -e "$ap_aside" ]; then
        ap_set error EEXIST
      elif [ "$ap_fs" = overlay ] || [ "$ap_fs" = aufs ]; then
        ap_set unable 'perl or python3'
      elif ap_do ap_rename "$ap_dir" "$ap_aside" && ap_do ap_rename "$ap_aside" "$ap_dir"; then
        ap_set done renamed
      fi
      ;;
  esac
}

ap_op_unwrite() {
  ap_set none 'nothing left'
  case $ap_how in
    create)
      [ -n "$ap_aside" ] && rm -f "${ap_path%/*}/${ap_aside##*/}.new" 2>/dev/null
      if [ -e "$ap_path" ]; then ap_do rm -f "$ap_path" && ap_set done removed; fi
      ;;
    replace)
      rm -f "$ap_aside.new" 2>/dev/null
      if [ -e "$ap_aside" ]; then ap_do mv -f "$ap_aside" "$ap_path" && ap_set done 'put back'; fi
      ;;
    rename-parent)
      ap_folder
      if [ -e "$ap_aside" ] && [ ! -e "$ap_dir" ]; then ap_do ap_rename "$ap_aside" "$ap_dir" && ap_set done 'put back'; fi
      ;;
  esac
}

# An environment block with a variable a line; line ends inside a value become \001.
ap_lines() { tr '\n\0' '\001\n'; }

# The environments of all processes but ours, once: `=PID`, then its variables.
ap_gather() {
  [ -n "$ap_environments" ] && return
  set +f
  ap_environments=$(for ap_p in /proc/[0-9]*; do
    if ap_e=$( (ap_lines <"$ap_p/environ") 2>/dev/null); then
      case $ap_e in *"AGENT_POSTURE_SIBLING=$AGENT_POSTURE_SIBLING"*) ;; *) [ "$ap_p" = "/proc/$$" ] || printf '=%s\n%s\n' "${ap_p#/proc/}" "$ap_e" ;; esac
    elif [ -d "$ap_p" ]; then
      printf '!%s\n' "${ap_p#/proc/}"
    fi
  done)
  set -f
  ap_environments=${ap_environments:-none}
}

# The variables of a login shell, one a line.
ap_login() {
  ap_shell=${SHELL:-/bin/sh}
  ap_limit env -i HOME="$HOME" USER="${USER-}" LOGNAME="${LOGNAME-}" PATH="$PATH" SHELL="$ap_shell" TERM=dumb \
    AGENT_POSTURE_SIBLING="$AGENT_POSTURE_SIBLING" "$ap_shell" -l -c 'env' 2>/dev/null | ap_limit cat
}

# Takes the value $1, found at $2.
ap_value() {
  if [ -n "$ap_bring$ap_challenge_key" ]; then
    ap_value_is=$(printf %s. "$1" | tr '\001' '\n')
    ap_value_is=${ap_value_is%.}
    ap_compare printf %s "$ap_value_is"
  else
    ap_set done set
  fi
  ap_keep "$2"
}

ap_op_env() {
  case $ap_name in *[!A-Za-z0-9_]* | [0-9]* | '') ap_set error name; return ;; esac
  case $ap_from in
    own)
      eval "ap_v=\${$ap_name+set}"
      if [ -n "$ap_v" ]; then
        eval "ap_v=\$$ap_name"
        ap_value "$ap_v" own
      fi
      ap_settle refused 'not set'
      ;;
    login-shell)
      ap_found=$(ap_login)
      if [ -z "$ap_found" ]; then
        ap_set error "$ap_shell -l said nothing"
        return
      fi
      IFS=$ap_nl
      for ap_l in $ap_found; do
        unset IFS
        case $ap_l in "$ap_name="*) ap_value "${ap_l#*=}" login-shell && break ;; esac
      done
      unset IFS
      ap_settle refused 'not set'
      ;;
    *)
      ap_pid='' ap_any=''
      IFS=$ap_nl
      for ap_l in $ap_environments; do
        unset IFS
        case $ap_l in
          !*) if [ "$ap_from" = processes ] || [ "$ap_l" = '!1' ]; then ap_denied=EACCES; fi ;;
          =*)
            ap_pid=${ap_l#=}
            if [ "$ap_from" = processes ] || [ "$ap_pid" = 1 ]; then ap_any=1; fi
            ;;
          "$ap_name="*)
            if [ "$ap_from" = processes ]; then
              ap_value "${ap_l#*=}" "pid $ap_pid" && break
            elif [ "$ap_pid" = 1 ]; then
              ap_value "${ap_l#*=}" init && break
            fi
            ;;
        esac
      done
      unset IFS
      if [ -n "$ap_denied" ]; then
        ap_settle refused "$ap_denied"
      elif [ -n "$ap_any" ]; then
        ap_settle refused 'not set'
      else
        ap_settle none 'no other process'
      fi
      ;;
  esac
}

# Names at the start of the lines of $2, each as seen from $1.
ap_names_in() {
  printf '%s\n' "$2" | sed -n "s/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/name=$1:\1/p" | sort -u | tr '\n' ' '
}

ap_op_env_names() {
  ap_extra="$ap_extra $(ap_names_in own "$(env)") $(ap_names_in login-shell "$(ap_login)")"
  ap_pid='' ap_seen=' '
  ap_names=$(
    IFS=$ap_nl
    for ap_l in $ap_environments; do
      case $ap_l in
        =*) ap_pid=${ap_l#=} ;;
        [A-Za-z_]*=*)
          ap_n=${ap_l%%=*}
          case $ap_n in *[!A-Za-z0-9_]*) continue ;; esac
          [ "$ap_pid" = 1 ] && printf 'name=init:%s ' "$ap_n"
          case $ap_seen in *" $ap_n "*) continue ;; esac
          ap_seen="$ap_seen$ap_n "
          printf 'name=pid\\0040%s:%s ' "$ap_pid" "$ap_n"
          ;;
      esac
    done
  )
  ap_extra="$ap_extra $ap_names"
  ap_set done listed
}

# Opens a connection, says the bytes, prints `OUTCOME REASON HEX`: seconds, tcp|unix|abstract, host or path, port, hex, proxy.
ap_perl='use strict;use Socket qw(:DEFAULT getaddrinfo);use IO::Handle;my($s,$k,$h,$p,$say,$via,$ask)=@ARGV;my $end=time+$s;
sub out{print join(" ",@_),"\n";exit}sub code{my($n)=grep{$!{$_}}keys %!;$n||"unknown"}
my $t=$k eq "udp"?SOCK_DGRAM:SOCK_STREAM;my @a;my($ch,$cp)=$via?$via=~/^(.*):(\d+)$/:($h,$p);$ch=~s/^\[|\]$//g;
if($k=~/^(tcp|udp)$/){my($e,@r)=getaddrinfo($ch,$cp,{socktype=>$t});if($e){out("refused",$e==Socket::EAI_AGAIN()?"EAI_AGAIN":"ENOTFOUND")}@a=@r}
elsif($k eq "unix"){@a=({family=>AF_UNIX,addr=>pack_sockaddr_un($h)})}
else{@a=map{{family=>AF_UNIX,addr=>pack("S",AF_UNIX)."\0".$_}}($h,pack("a107",$h))}
my @last=("refused","ENOTFOUND");for my $a(@a){my $o="";my $f;socket($f,$a->{family},$t,0)or do{@last=("refused",code());next};$f->blocking(0);
if(!connect($f,$a->{addr})){if($!{EINPROGRESS}||$!{EAGAIN}){my $w="";vec($w,fileno($f),1)=1;my $n=select(undef,$w,undef,$end-time);if(!$n){@last=("timeout","ETIMEDOUT");next}
$!=unpack("i",getsockopt($f,SOL_SOCKET,SO_ERROR));if($!){@last=($!{ETIMEDOUT}?"timeout":"refused",code());next}}else{@last=("refused",code());next}}
my $tunnel=!$via;my $b="";syswrite($f,$via?($ask?pack("H*",$ask):"CONNECT $h:$p HTTP/1.1\r\nHost: $h:$p\r\n")."\r\n":pack("H*",$say));
while(1){my $r="";vec($r,fileno($f),1)=1;my $n=select($r,undef,undef,$end-time);if(!$n){out("done","answered",unpack("H*",substr($b,0,64)))if length $b&&$tunnel;@last=$tunnel&&$k ne "udp"?("silent","silent"):("timeout","ETIMEDOUT");last}
my $g=sysread($f,$b,4096,length $b);if(!$g){out("done","answered",unpack("H*",substr($b,0,64)))if length $b&&$tunnel;@last=$k eq "udp"?("refused",code()):("closed",defined $g?"closed":code());last}
if(!$tunnel){next unless $b=~s/^HTTP\/1\.[01] (\d+).*?\r\n\r\n//s;$1==200 or out("refused","PROXY_$1");$tunnel=1;syswrite($f,pack("H*",$say));next unless length $b}
out("done","answered",unpack("H*",substr($b,0,64)))if length $b>=16||!$say||$say;}}out(@last)'
ap_python='import errno,re,socket,sys,time
s,k,h,p,say,via,ask=sys.argv[1:8];end=time.time()+float(s)
def out(*a):
  print(*a);sys.exit()
def code(e): return errno.errorcode.get(e.errno or 0,"unknown")
ch,cp=via.rsplit(":",1) if via else (h,p)
udp=k=="udp";t=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
if k in ("tcp","udp"):
  try: a=[(i[0],i[4]) for i in socket.getaddrinfo(ch.strip("[]"),int(cp),type=t)]
  except socket.gaierror as e: out("refused","EAI_AGAIN" if e.errno==socket.EAI_AGAIN else "ENOTFOUND")
elif k=="unix": a=[(socket.AF_UNIX,h)]
else: a=[(socket.AF_UNIX,b"\0"+n) for n in (h.encode(),h.encode().ljust(107,b"\0"))]
last=("refused","ENOTFOUND")
for fam,addr in a:
  b=b"";tunnel=not via;up=False
  try:
    f=socket.socket(fam,t);f.settimeout(max(.1,end-time.time()));f.connect(addr);up=True
    f.sendall((bytes.fromhex(ask) or ("CONNECT %s:%s HTTP/1.1\r\nHost: %s:%s\r\n"%(h,p,h,p)).encode())+b"\r\n" if via else bytes.fromhex(say))
    while True:
      f.settimeout(max(.1,end-time.time()));g=f.recv(4096);b+=g
      if not g: last=("closed","closed");break
      if not tunnel:
        m=re.match(rb"HTTP/1\.[01] (\d+).*?\r\n\r\n",b,re.S)
        if not m: continue
        if m.group(1)!=b"200": out("refused","PROXY_"+m.group(1).decode())
        tunnel=True;b=b[m.end():];f.sendall(bytes.fromhex(say))
        if not b: continue
      out("done","answered",b[:64].hex())
  except socket.timeout: last=("silent","silent") if up and tunnel and not udp else ("timeout","ETIMEDOUT")
  except OSError as e: last=("closed" if up and not udp else ("timeout" if e.errno==errno.ETIMEDOUT else "refused"),code(e))
out(*last)'

# The bytes of $ap_say for printf %b, in ap_b.
ap_bytes() {
  ap_b='' ap_rest=$ap_say
  while [ -n "$ap_rest" ]; do
    ap_b="$ap_b\\0$(printf '%03o' "0x${ap_rest%"${ap_rest#??}"}")"
    ap_rest=${ap_rest#??}
  done
}

ap_hex_out() { od -An -v -t x1 | tr -d ' \n'; }

# Connects by one of the tools: kind, host or path, port.
ap_dial() {
  if ap_has perl; then
    ap_answer=$(ap_limit perl -e "$ap_perl" "$ap_wait" "$1" "$2" "$3" "$ap_say" "$ap_proxy" "$ap_ask" 2>/dev/null)
  elif ap_has python3; then
    ap_answer=$(ap_limit python3 -c "$ap_python" "$ap_wait" "$1" "$2" "$3" "$ap_say" "$ap_proxy" "$ap_ask" 2>/dev/null)
  elif [ "$1" != tcp ] || [ -n "$ap_proxy" ]; then
    ap_set unable 'perl or python3'
    return
  elif ap_has bash; then
    ap_bytes
    ap_seconds=$ap_wait
    ap_answer=$(ap_limit bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1; printf "up "; printf %b "$3" >&3; dd bs=64 count=1 <&3 2>/dev/null | od -An -v -t x1 | tr -d " \n"; printf " end"' bash "$2" "$3" "$ap_b" 2>&1)
    ap_tool_answer
  elif ap_has nc || ap_has busybox; then
    ap_bytes
    ap_seconds=$ap_wait
    ap_nc=nc
    ap_has nc || ap_nc='busybox nc'
    # busybox's runs a program on the connection, which then decides when it has heard enough. With others the end of our
    # input could be what the server answers by closing, so that is held open; what was heard stands in <>.
    case $($ap_nc --help 2>&1) in
      *'-e PROG'*)
        ap_answer=$({
          ap_limit $ap_nc -w "$ap_wait" "$2" "$3" -e sh -c 'printf "up " >&4
printf %b "$0"
dd bs=64 count=1 2>/dev/null | od -An -v -t x1 | tr -d " \n" >&4
printf " end" >&4' "$ap_b" 2>&4
        } 4>&1)
        ;;
      *)
        ap_answer=$({ {
          {
            printf %b "$ap_b"
            sleep "$ap_wait"
          } | ap_limit $ap_nc -v -w "$ap_wait" "$2" "$3" 2>&4
          printf ' rc%s ' "$?" >&4
        } | dd bs=64 count=1 2>/dev/null | { printf '<%s>' "$(ap_hex_out)"; }; } 4>&1)
        ap_v=${ap_answer#*<}
        ap_v=${ap_v%%>*}
        case $ap_v:$ap_answer in
          [0-9a-f]*) ap_answer="up $ap_v end" ;;
          *efused* | *imed* | *unreach* | *'not known'* | *'o route'*) ;;
          *) ap_answer='up ' ;;
        esac
        ;;
    esac
    ap_tool_answer
  else
    ap_set unable nc
    return
  fi
  ap_outcome=${ap_answer%% *}
  ap_reason=${ap_answer#* }
  case $ap_outcome in
    done)
      ap_extra="$ap_extra heard=${ap_reason#* }"
      ap_reason=answered
      ;;
    refused) case $ap_reason in PROXY_*) ap_extra="$ap_extra status=${ap_reason#PROXY_}" ;; *) ap_failed "$ap_reason" ;; esac ;;
    silent) ap_reason='said nothing' ;;
    closed) case $ap_reason in closed) ap_reason='closed at once' ;; esac ;;
    timeout) ;;
    *) ap_set timeout ETIMEDOUT ;;
  esac
}

# What bash or nc printed, as the answer of the programs above.
ap_tool_answer() {
  case $ap_answer in
    'up  end') ap_answer='closed closed' ;;
    'up '*' end')
      ap_answer=${ap_answer#up }
      ap_answer="done answered ${ap_answer% end}"
      ;;
    'up '*) ap_answer='silent silent' ;;
    *)
      ap_code_of "$ap_answer"
      case $ap_code in
        ETIMEDOUT) ap_answer='timeout ETIMEDOUT' ;;
        *) ap_answer="refused $ap_code" ;;
      esac
      ;;
  esac
}

ap_op_connect() {
  case $ap_proxy in *://*)
    ap_at="proxy $ap_proxy"
    ap_set unable "a client of ${ap_proxy%%://*} proxies"
    return
    ;;
  esac
  if [ "$ap_greeting" = quic ]; then ap_dial udp "$ap_host" "$ap_port"; else ap_dial tcp "$ap_host" "$ap_port"; fi
  if [ -n "$ap_proxy" ]; then
    ap_at="proxy $ap_proxy"
  else
    case $ap_host in *[!0-9A-Fa-f:.]*) ;; *) ap_at=$ap_host ;; esac
  fi
}

ap_op_socket() {
  if [ -n "$ap_abstract" ]; then
    ap_dial abstract "$ap_path" 0
  elif [ ! -e "$ap_path" ] && [ -z "$ap_place_device" ] && ls "${ap_path%/*}/" >/dev/null 2>&1; then
    ap_set refused ENOENT
  else
    ap_dial unix "$ap_path" 0
    [ "$ap_reason" = EACCES ] && ap_refused_by "$ap_path"
    if [ "$ap_outcome" = refused ] && [ -n "$ap_place_device" ]; then
      ap_keep ''
      ap_found=$(ap_images 2>/dev/null)
      IFS=$ap_nl
      for ap_image in $ap_found; do
        unset IFS
        ap_is_path "$ap_image" || continue
        ap_dial unix "$ap_image" 0
        ap_keep "$ap_image" && break
      done
      unset IFS
      ap_settle refused ENOENT
    fi
  fi
}

# Asks each name server of this place by itself, in one datagram: what came of it, and which addresses.
ap_ask_perl='use strict;use Socket qw(:DEFAULT getaddrinfo);my($s,$n)=@ARGV;my $end=time+$s;my @last=("none","no");my %r=(0,"ENODATA",2,"ESERVFAIL",3,"ENOTFOUND",5,"EREFUSED");
open(R,"/etc/resolv.conf");my @s=map{/^\s*nameserver\s+(\S+)/?$1:()}<R>;for my $h(@s){my($e,$a)=getaddrinfo($h,53,{socktype=>SOCK_DGRAM});$e and next;
socket(my $f,$a->{family},SOCK_DGRAM,0)or next;my $q=pack("n6",$$&65535,256,1,0,0,0).join("",map{chr(length).$_}split(/\./,$n))."\0".pack("n2",1,1);
sub code{my($c)=grep{$!{$_}}keys %!;$c||"unknown"}connect($f,$a->{addr})&&defined syswrite($f,$q)or do{@last=("refused",code());next};
my $v="";vec($v,fileno($f),1)=1;select($v,undef,undef,$end-time)or do{@last=("timeout","ETIMEDOUT");next};my $b="";defined sysread($f,$b,4096)or do{@last=("refused",code());next};
length $b>=12&&unpack("n",$b)==($$&65535)or do{@last=("error","the name server answered something else");next};my($c,$k)=(unpack("x3C",$b)&15,unpack("x6n",$b));
if($c==0&&$k){print "done $h";exit}@last=("refused",$r{$c}||"EREFUSED")}print "@last"'
ap_resolve_direct() {
  if ap_has perl; then
    ap_answer=$(ap_limit perl -e "$ap_ask_perl" "$ap_wait" "$ap_name" 2>/dev/null)
    ap_outcome=${ap_answer%% *}
    ap_reason=${ap_answer#* }
  elif ap_has nslookup; then
    ap_set none 'no name server'
    while read -r ap_a ap_b ap_rest; do
      [ "$ap_a" = nameserver ] || continue
      ap_seconds=$ap_wait
      ap_answer=$(ap_limit nslookup "$ap_name" "$ap_b" 2>&1)
      ap_rc=$?
      case $ap_rc:$ap_answer in
        137:* | *'timed out'*) ap_set timeout ETIMEDOUT ;;
        *efused*) ap_set refused ECONNREFUSED ;;
        *nreachable*) ap_set refused ENETUNREACH ;;
        *NXDOMAIN* | *"can't find"* | *'resolve'*) ap_set refused ENOTFOUND ;;
        0:*Name:*Address*) ap_answer="done $ap_b" ap_outcome=done ;;
        *) ap_set error 'nslookup said something else' ;;
      esac
      if [ "$ap_outcome" = done ]; then
        ap_reason=$ap_b
        break
      fi
    done </etc/resolv.conf
  else
    ap_set unable 'perl or nslookup'
  fi
  case $ap_outcome in
    done)
      ap_at=$ap_reason
      ap_reason=resolved
      ;;
    refused | none | error | timeout | unable) ;;
    *) ap_set timeout ETIMEDOUT ;;
  esac
}

ap_op_resolve() {
  if [ -n "$ap_direct" ]; then
    ap_resolve_direct
    return
  fi
  if ap_has getent; then
    ap_found=$(ap_limit getent ahosts "$ap_name" 2>/dev/null | while read -r ap_a ap_rest; do printf '%s\n' "$ap_a"; done | sort -u)
  elif ap_has python3; then
    ap_found=$(ap_limit python3 -c 'import socket,sys
for a in sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1],None)}): print(a)' "$ap_name" 2>/dev/null)
  else
    ap_found=$(while read -r ap_a ap_rest; do
      case " $ap_rest " in *" $ap_name "*) printf '%s\n' "$ap_a" ;; esac
    done </etc/hosts)
    if [ -z "$ap_found" ]; then
      if ! ap_has nslookup; then
        ap_set unable getent
        return
      fi
      ap_found=$(ap_limit nslookup "$ap_name" 2>/dev/null | sed -n '/^Name:/,$s/^Address[^:]*: *\([^ ]*\).*/\1/p')
    fi
  fi
  if [ -z "$ap_found" ]; then
    ap_set refused ENOTFOUND
    return
  fi
  for ap_a in $ap_found; do ap_extra="$ap_extra name=resolver:$ap_a"; done
  ap_set done resolved
}

ap_op_request() {
  case $ap_proxy in socks4://* | https://*)
    ap_at="proxy $ap_proxy"
    ap_set unable "a client of ${ap_proxy%%://*} proxies"
    return
    ;;
  esac
  [ -n "$ap_proxy" ] && ap_at="proxy $ap_proxy"
  if ap_has curl; then
    set -- -s -S -k -o /dev/null -w '%{http_code} %{http_connect}' --max-time "$ap_wait" -A agent-posture
    if [ "$ap_method" = HEAD ]; then set -- "$@" -I; else set -- "$@" -X "$ap_method"; fi
    if [ -n "$ap_proxy" ]; then
      case $ap_proxy in socks5://*) set -- "$@" -x "socks5h://${ap_proxy#*://}" ;; *) set -- "$@" -x "http://$ap_proxy" ;; esac
    else set -- "$@" --noproxy '*'; fi
    ap_answer=$(curl -q "$@" "$ap_url" 2>&1)
    ap_rc=$?
    case $ap_rc in
      0)
        ap_v=${ap_answer##*"$ap_nl"}
        ap_extra="$ap_extra status=${ap_v%% *}"
        ap_set done answered
        ;;
      6) ap_set refused ENOTFOUND ;;
      28) ap_set timeout ETIMEDOUT ;;
      52) ap_set refused ECONNRESET ;;
      *)
        ap_v=${ap_answer##* }
        if [ -n "$ap_proxy" ] && [ "${ap_v:-000}" -gt 0 ] 2>/dev/null; then
          ap_extra="$ap_extra status=$ap_v"
          ap_set refused "PROXY_$ap_v"
        else
          ap_code_of "$ap_answer"
          [ "$ap_rc:$ap_code" = 7:unknown ] && ap_code=ECONNREFUSED
          ap_failed "$ap_code"
        fi
        ;;
    esac
  elif ap_has wget && [ "$ap_method" = GET ] && [ -z "$ap_proxy" ]; then
    ap_answer=$(ap_limit wget -S -O /dev/null "$ap_url" 2>&1)
    ap_v=$(printf '%s\n' "$ap_answer" | sed -n 's/^ *HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' | head -n 1)
    if [ -n "$ap_v" ]; then
      ap_extra="$ap_extra status=$ap_v"
      ap_set done answered
    else
      ap_code_of "$ap_answer"
      ap_failed "$ap_code"
    fi
  else
    ap_set unable curl
  fi
}

ap_listen_perl='use Socket;my $k=shift;my($l,$c);alarm 2;if($k eq "udp"){for($l,$c){socket($_,AF_INET,SOCK_DGRAM,0)or die "$!";bind($_,pack_sockaddr_in(0,INADDR_LOOPBACK))or die "$!"}
send($c,"here",0,getsockname($l))or die "$!";recv($l,my $b,9,0);$b eq "here"or die "$!";print "ok";exit}
if($k eq "unix"){socketpair($l,$c,AF_UNIX,SOCK_STREAM,0)or die "$!";syswrite($l,"here");sysread($c,my $b,4)==4 or die "$!";print "ok";exit}
my $f=$k eq "ipv6"?AF_INET6:AF_INET;my $a=$k eq "ipv6"?pack_sockaddr_in6(0,Socket::inet_pton(AF_INET6,"::1")):pack_sockaddr_in(0,INADDR_LOOPBACK);
socket($l,$f,SOCK_STREAM,0)or die "$!";bind($l,$a)or die "$!";listen($l,1)or die "$!";socket($c,$f,SOCK_STREAM,0)or die "$!";
connect($c,getsockname($l))or die "$!";accept(my $p,$l)or die "$!";syswrite($p,"here");sysread($c,my $b,4)==4 or die "$!";print "ok"'
ap_listen_python='import socket,sys
k=sys.argv[1]
if k=="udp":
  s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(2);s.bind(("127.0.0.1",0));c=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);c.sendto(b"here",s.getsockname())
  if s.recv(9)==b"here": print("ok")
  sys.exit()
if k=="unix": l,c=socket.socketpair()
else:
  s=socket.socket(socket.AF_INET6 if k=="ipv6" else socket.AF_INET);s.settimeout(2);s.bind(("::1" if k=="ipv6" else "127.0.0.1",0));s.listen(1)
  c=socket.socket(s.family);c.settimeout(2);c.connect(s.getsockname());l,_=s.accept()
l.sendall(b"here")
if c.recv(4)==b"here": print("ok")'

ap_op_listen() {
  if ap_has perl; then
    ap_answer=$(ap_limit perl -e "$ap_listen_perl" "$ap_family" 2>&1)
  elif ap_has python3; then
    ap_answer=$(ap_limit python3 -c "$ap_listen_python" "$ap_family" 2>&1)
  elif [ "$ap_family" = unix ] || [ "$ap_family" = udp ] || ! { ap_has nc || ap_has busybox; }; then
    ap_set unable 'perl or python3'
    return
  else
    ap_nc=nc
    ap_has nc || ap_nc='busybox nc'
    case $ap_family in ipv6) ap_host=::1 ;; *) ap_host=127.0.0.1 ;; esac
    ap_port=$((20000 + ($$ * 7 + ${#ap_family} * 1000 + $(printf %d "0x${ap_id%"${ap_id#????}"}")) % 30000))
    # OpenBSD's listens on the fourth version alone where it is not told.
    ap_six=
    case $ap_family:$($ap_nc -h 2>&1) in ipv6:*OpenBSD*) ap_six=-6 ;; esac
    printf here | ap_limit $ap_nc $ap_six -l -p "$ap_port" >/dev/null 2>&1 &
    ap_n=0
    ap_answer=
    while [ "$ap_n" -lt 8 ] && [ -z "$ap_answer" ]; do
      ap_n=$((ap_n + 1))
      sleep 0.05 2>/dev/null || sleep 1
      ap_err=$(printf '' | $ap_nc -w 1 "$ap_host" "$ap_port" 2>&1)
      case $ap_err in *here*) ap_answer=ok ;; esac
    done
    ap_answer=${ap_answer:-$ap_err}
  fi
  if [ "$ap_answer" = ok ]; then
    ap_set done answered
  else
    ap_code_of "$ap_answer"
    ap_failed "$ap_code"
  fi
}

ap_op_exec() {
  set --
  ap_n=0
  while [ "$ap_n" -lt "$ap_envc" ]; do
    ap_n=$((ap_n + 1))
    eval "set -- \"\$@\" \"\$ap_env_$ap_n\""
  done
  ap_n=0
  while [ "$ap_n" -lt "$ap_argc" ]; do
    ap_n=$((ap_n + 1))
    eval "set -- \"\$@\" \"\$ap_arg_$ap_n\""
  done
  if ! ap_has "$ap_arg_1"; then
    ap_set unable "$ap_arg_1"
    return
  fi
  if ! cd "$ap_cwd" 2>/dev/null; then
    ap_set refused ENOENT
    ap_at=$ap_cwd
    return
  fi
  ap_o=$({
    {
      printf %s "$ap_input" | ap_limit env "$@" 2>/dev/null 5>&-
      printf '\n%s rc %s.' "$ap_tag" "$?" >&5
    } | ap_limit head -c 200000 5>&-
  } 5>&1)
  ap_rc=${ap_o##*"$ap_tag rc "}
  ap_rc=${ap_rc%%.*}
  ap_body=${ap_o%%"$ap_nl$ap_tag rc "*}${ap_o##*"$ap_tag rc $ap_rc."}
  case $ap_rc in
    124 | 137)
      ap_set timeout 'it did not end'
      return
      ;;
  esac
  ap_extra="$ap_extra code=$ap_rc"
  if [ -n "$ap_body" ]; then ap_extra="$ap_extra printed=1"; else ap_extra="$ap_extra printed=0"; fi
  ap_size ${#ap_body}
  if [ -n "$ap_expect" ]; then
    case $ap_body in *"$ap_expect"*) ap_extra="$ap_extra found=1" ;; *) ap_extra="$ap_extra found=0" ;; esac
  fi
  ap_set done ran
}

# Makes the try of line $1 and answers.
ap_attempt() {
  ap_id= ap_op= ap_timeout=2000 ap_way= ap_path= ap_how= ap_aside= ap_content= ap_name= ap_from= ap_host= ap_port= ap_proxy=
  ap_say= ap_ask= ap_method= ap_url= ap_abstract= ap_family= ap_cwd=/ ap_input= ap_expect= ap_key= ap_bring= ap_greeting= ap_direct=
  ap_challenge_key= ap_challenge_digest= ap_challenge_lines= ap_place_device= ap_place_path= ap_digests= ap_argc=0 ap_envc=0
  ap_outcome=error ap_reason=unknown ap_extra= ap_at= ap_denied= ap_cut=
  for ap_word in $1; do
    ap_k=${ap_word%%=*}
    ap_v=${ap_word#*=}
    case $ap_v in *\\*)
      ap_v=$(printf '%b.' "$ap_v")
      ap_v=${ap_v%.}
      ;;
    esac
    case $ap_k in
      id | op | timeout | way | path | how | aside | content | name | from | host | port | proxy | say | ask | method | url | abstract | family | cwd | input | expect | key | bring | greeting | direct | challenge_key | challenge_digest | challenge_lines | place_device | place_path) eval "ap_$ap_k=\$ap_v" ;;
      digests) ap_digests="$ap_digests $ap_v" ;;
      argv)
        ap_argc=$((ap_argc + 1))
        eval "ap_arg_$ap_argc=\$ap_v"
        ;;
      env)
        ap_envc=$((ap_envc + 1))
        eval "ap_env_$ap_envc=\$ap_v"
        ;;
    esac
  done
  ap_seconds=$(((ap_timeout + 999) / 1000))
  # Tools that know their own end get one a little earlier, so that they can say what they waited for.
  ap_wait=$ap_seconds
  ap_seconds=$((ap_seconds + 1))
  case $ap_op in
    read) ap_op_read ;;
    list) ap_op_list ;;
    write) ap_op_write ;;
    unwrite) ap_op_unwrite ;;
    env) ap_op_env ;;
    env-names) ap_op_env_names ;;
    connect) ap_op_connect ;;
    resolve) ap_op_resolve ;;
    request) ap_op_request ;;
    socket) ap_op_socket ;;
    listen) ap_op_listen ;;
    exec) ap_op_exec ;;
  esac
  if [ -n "$ap_at" ]; then
    ap_escape "$ap_at"
    ap_extra="$ap_extra at=$ap_w"
  fi
  ap_escape "$ap_reason"
  ap_body="id=$ap_id outcome=$ap_outcome reason=$ap_w${ap_extra:+ $ap_extra}"
  # Blanks at the end do not arrive.
  ap_body=${ap_body%"${ap_body##*[! ]}"}
  ap_sum_up "$ap_secret $1$ap_nl$ap_body"
  printf '%s result %s %s\n' "$ap_tag" "$ap_s" "$ap_body"
}

# Who and where we are.
ap_ready() {
  ap_find_sha
  ap_sum_up "$ap_pack"
  ap_line="source=$ap_s"
  if [ -n "$ap_sha_with" ]; then ap_line="$ap_line sum=sha256"; else ap_line="$ap_line sum=cksum"; fi
  ap_shell_is=sh
  ap_v=$(readlink /proc/$$/exe 2>/dev/null)
  [ -n "$ap_v" ] && ap_shell_is=${ap_v##*/}
  ap_add runtime "sh ($ap_shell_is)"
  ap_v=$(uname -s 2>/dev/null)
  case $ap_v in Darwin) ap_v=darwin ;; *) ap_v=linux ;; esac
  ap_add platform "$ap_v"
  if [ -r /proc/$$/status ]; then
    while read -r ap_k ap_v ap_rest; do
      case $ap_k in
        Uid:) ap_add uid "$ap_v" ;;
        Gid:) ap_add gid "$ap_v" ;;
        CapEff:) ap_add capabilities "$ap_v" ;;
        NoNewPrivs:) ap_add noNewPrivileges "$ap_v" ;;
        Seccomp:) case $ap_v in 0) ap_add seccomp 0 ;; *) ap_add seccomp 1 ;; esac ;;
      esac
    done </proc/$$/status
  elif ap_has id; then
    ap_add uid "$(id -u)"
    ap_add gid "$(id -g)"
  fi
  if [ -r /proc/$$/uid_map ]; then
    ap_map=
    while read -r ap_a ap_b ap_rest; do ap_map="$ap_map${ap_map:+$ap_nl}$ap_a $ap_b $ap_rest"; done </proc/$$/uid_map
    [ -n "$ap_map" ] && ap_add uidMap "$ap_map"
  fi
  for ap_n in mnt pid net user ipc uts; do
    ap_v=$(readlink "/proc/$$/ns/$ap_n" 2>/dev/null)
    ap_v=${ap_v##*[}
    [ -n "$ap_v" ] && ap_add ns+ "$ap_n:${ap_v%]}"
  done
  ap_add cwd "$(pwd)"
  [ -n "$HOME" ] && ap_add home "$HOME"
  ap_v=
  [ -r /proc/sys/kernel/hostname ] && read -r ap_v </proc/sys/kernel/hostname
  [ -n "$ap_v" ] && ap_add hostname "$ap_v"
  ap_proxies=' '
  for ap_v in "${http_proxy-}" "${HTTP_PROXY-}" "${https_proxy-}" "${HTTPS_PROXY-}" "${all_proxy-}" "${ALL_PROXY-}" \
    "${socks_proxy-}" "${SOCKS_PROXY-}" "${npm_config_proxy-}" "${npm_config_https_proxy-}"; do
    case $ap_v in
      '') continue ;;
      http://*) ap_k='' ap_l=80 ;;
      https://*) ap_k=https:// ap_l=443 ;;
      socks4*://*) ap_k=socks4:// ap_l=1080 ;;
      socks*://*) ap_k=socks5:// ap_l=1080 ;;
      *) ap_k='' ap_l=80 ;;
    esac
    ap_v=${ap_v#*://}
    ap_v=${ap_v%%/*}
    ap_v=${ap_v##*@}
    case $ap_v in *:*) ;; *) ap_v=$ap_v:$ap_l ;; esac
    ap_v=$ap_k$ap_v
    case $ap_proxies in *" $ap_v "*) continue ;; esac
    ap_proxies="$ap_proxies$ap_v "
    ap_add proxies+ "$ap_v"
  done
  if [ -r /etc/hosts ]; then
    while read -r ap_a ap_rest; do
      for ap_v in $ap_rest; do
        case $ap_a:$ap_v in '#'*) ;; *:host.docker.internal | *:gateway.docker.internal | *:host.containers.internal) ap_add hostAliases+ "$ap_v" ;; esac
      done
    done </etc/hosts
  fi
  if [ -r /proc/net/route ] && { [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -n "${container-}" ]; }; then
    while read -r ap_a ap_b ap_v ap_rest; do
      case $ap_b:$ap_v in
        00000000:00000000 | 00000000:Gateway) ;;
        00000000:*)
          ap_l=${ap_v%??????}
          ap_v=${ap_v#??}
          ap_k=${ap_v%????}
          ap_v=${ap_v#??}
          ap_add hostAliases+ "$((0x${ap_v#??})).$((0x${ap_v%??})).$((0x$ap_k)).$((0x$ap_l))"
          ;;
      esac
    done </proc/net/route
  fi
  for ap_n in sh bash python3 perl curl wget nc socat openssl sha256sum shasum busybox getent unshare nsenter mount umount timeout git gh glab docker podman kubectl sudo ssh systemctl crontab keyctl tmux; do
    ap_has "$ap_n" && ap_add tools+ "$ap_n"
  done
  ap_add clock "$(date +%s)"
  ap_sum_up "$ap_secret ready$ap_nl$ap_line"
  printf '%s ready %s %s\n' "$ap_tag" "$ap_s" "$ap_line"
}

ap_add() {
  ap_escape "$2"
  ap_line="$ap_line $1=$ap_w"
}

# Tries come as lines, and `sync N` ends a round. Each runs in a process of its own, so many at a time.
ap_main() {
  ap_ready
  ap_running=0
  ap_last=
  while IFS= read -r ap_in; do
    case $ap_in in
      'sync '*)
        wait
        # Long answers go out alone: only short ones are written in one piece.
        ap_held=$ap_last
        while [ -n "$ap_held" ]; do
          ap_attempt "${ap_held%%"$ap_nl"*}" </dev/null
          ap_held=${ap_held#*"$ap_nl"}
        done
        ap_last=
        ap_running=0
        ap_environments=
        printf '%s synced %s\n' "$ap_tag" "${ap_in#sync }"
        ;;
      *op=env-names*)
        ap_gather
        ap_last="$ap_last$ap_in$ap_nl"
        ;;
      *op=*)
        case $ap_in in *op=env*from=processes* | *op=env*from=init* | *from=processes*op=env* | *from=init*op=env*) ap_gather ;; esac
        if [ "$ap_running" -ge 16 ]; then
          wait
          ap_running=0
        fi
        ap_running=$((ap_running + 1))
        (ap_attempt "$ap_in") </dev/null &
        ;;
    esac
  done
}
ap_main
