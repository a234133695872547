#!/usr/bin/env bash
# A planted breach of each rule of tests/rooms.sh fails it; the tree as it is does not.
set -eu
cp -r "$SOURCE/witness" "$SOURCE/corpus" "$SOURCE/report" "$SOURCE/tests" .
mkdir -p analyzer
bash tests/rooms.sh "$PWD"
plant() { # plant FILE INCLUDE
	printf '#include %s\n' "$2" >>"$1"
	if bash tests/rooms.sh "$PWD" 2>err; then
		echo "$1 may include $2?"
		exit 1
	fi
	grep -qF "$1" err || { echo "the breach in $1 is not named:"; cat err; exit 1; }
	sed -i '$d' "$1"
}
plant witness/core/order.c '"live/live.h"'
plant witness/core/order.c '<stdio.h>'
plant witness/live/api.c '"../report/view.h"'
plant witness/live/api.c '"kern/mutex.h"'
plant corpus/vm/vm_page.c '"core/order.h"'
plant corpus/kern/sched.c '"live/live.h"'
plant report/text.c '"live/live.h"'
plant report/text.c '<sqlite3.h>'
plant report/html.c '<graphviz/gvc.h>'
plant report/gate.c '<elfutils/libdw.h>'
plant report/html.c '<jansson.h>'
bash tests/rooms.sh "$PWD"
