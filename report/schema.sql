-- schema.sql - the store.  Version: REP_STORE_VERSION in store.h.        room: report
--
-- Content (module, class, site, frame, origin, stack) is keyed by a hash of itself, so that the rows of two
-- stores can be united.  What belongs to a run is keyed by the run's key (a hash of its id) and the producer's
-- own numbers.  Numbers of 64 bits are stored as SQLite's signed ones, bit for bit.

CREATE TABLE run (
	key INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,		-- 32 hex digits
	parent TEXT,				-- id of the run that started it
	kind TEXT NOT NULL,			-- runtime, static
	program TEXT NOT NULL,
	arguments TEXT NOT NULL,
	pid INTEGER NOT NULL,
	started_ns INTEGER NOT NULL,		-- since 1970, UTC
	ended INTEGER NOT NULL,			-- 1: with an end record
	ended_how TEXT,				-- exit, exec
	ended_ns INTEGER,
	exit_status INTEGER,			-- 0 to 255, 128 + N by signal N; NULL not known
	complete INTEGER NOT NULL,		-- 0: records lost, bad or missing
	records INTEGER NOT NULL,		-- good ones
	unknown INTEGER NOT NULL,		-- good ones of types newer than the importer
	events INTEGER NOT NULL,		-- of observed classes; they do not become rows, but a file (trace.h):
	events_file TEXT,			-- from the store's folder; NULL: no events
	events_digest TEXT,			-- SHA-256 of the file, hexadecimal
	events_bytes INTEGER,			-- its size
	events_kept INTEGER,			-- events in it
	bad_spans INTEGER NOT NULL,
	bad_bytes INTEGER NOT NULL,
	missing INTEGER NOT NULL,		-- named by a good record, and not there
	lost INTEGER NOT NULL,			-- said by the producer
	threads INTEGER NOT NULL,
	locks INTEGER NOT NULL,
	acquisitions INTEGER NOT NULL,
	contentions INTEGER			-- NULL not counted
);
CREATE INDEX run_by_program ON run (program, arguments, started_ns);

CREATE TABLE loss (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	what TEXT NOT NULL,
	count INTEGER NOT NULL,
	since_ns INTEGER NOT NULL,
	PRIMARY KEY (run, what)
) WITHOUT ROWID;

-- ---- content ----

CREATE TABLE module (
	id INTEGER PRIMARY KEY,
	build_id TEXT NOT NULL,			-- hex; empty where it has none
	path TEXT NOT NULL
);

CREATE TABLE frame (
	id INTEGER PRIMARY KEY,
	module INTEGER REFERENCES module,	-- NULL: an absolute address
	offset INTEGER NOT NULL,		-- from the load base
	exact INTEGER NOT NULL			-- 0: a return address
);

CREATE TABLE symbol (				-- what a frame is in the source, inlined functions first
	frame INTEGER NOT NULL REFERENCES frame,
	ordinal INTEGER NOT NULL,
	function TEXT NOT NULL,			-- empty: not known
	file TEXT NOT NULL,
	line INTEGER NOT NULL,
	inlined INTEGER NOT NULL,		-- into the next
	PRIMARY KEY (frame, ordinal)
) WITHOUT ROWID;

CREATE TABLE class (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	primitive INTEGER NOT NULL		-- enum wit_primitive
);

CREATE TABLE site (
	id INTEGER PRIMARY KEY,
	file TEXT NOT NULL,
	line INTEGER NOT NULL,			-- 0: the code address in frame
	frame INTEGER REFERENCES frame
);

CREATE TABLE stack (
	id INTEGER PRIMARY KEY,
	derived INTEGER NOT NULL,		-- 1: only frames older than the place itself
	site INTEGER REFERENCES site		-- of a derived one
);

CREATE TABLE stack_frame (
	stack INTEGER NOT NULL REFERENCES stack,
	ordinal INTEGER NOT NULL,		-- innermost 0
	frame INTEGER NOT NULL REFERENCES frame,
	PRIMARY KEY (stack, ordinal)
) WITHOUT ROWID;

CREATE TABLE origin (
	id INTEGER PRIMARY KEY,
	class INTEGER NOT NULL REFERENCES class,
	name TEXT NOT NULL,			-- of the lock
	site INTEGER REFERENCES site		-- of its initialisation
);

-- ---- what belongs to a run ----

CREATE TABLE thread (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	id INTEGER NOT NULL,
	parent INTEGER NOT NULL,		-- 0 not known
	os_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	role INTEGER REFERENCES frame,
	created INTEGER REFERENCES stack,
	ended INTEGER NOT NULL,
	acquisitions INTEGER NOT NULL,
	PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE TABLE segment (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	id INTEGER NOT NULL,
	thread INTEGER NOT NULL,
	cause INTEGER NOT NULL,			-- enum wit_segment_cause
	other INTEGER NOT NULL,
	token INTEGER NOT NULL,
	PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE TABLE segment_held (			-- what its thread held as it began, oldest 0
	run INTEGER NOT NULL,
	segment INTEGER NOT NULL,
	ordinal INTEGER NOT NULL,
	origin INTEGER REFERENCES origin,
	instance INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	serial INTEGER NOT NULL,
	site INTEGER REFERENCES site,
	stack INTEGER REFERENCES stack,
	taken_in INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	cpu INTEGER NOT NULL,
	PRIMARY KEY (run, segment, ordinal),
	FOREIGN KEY (run, segment) REFERENCES segment ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE chain (				-- a held list: its newest lock on a parent list
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	id INTEGER NOT NULL,
	parent INTEGER NOT NULL,		-- 0: the bottom
	origin INTEGER NOT NULL REFERENCES origin,
	instance INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	serial INTEGER NOT NULL,
	site INTEGER REFERENCES site,
	stack INTEGER REFERENCES stack,
	segment INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	cpu INTEGER NOT NULL,
	PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE TABLE dependency (			-- asked for a lock while holding a chain
	run INTEGER NOT NULL,
	id INTEGER NOT NULL,
	chain INTEGER NOT NULL,
	origin INTEGER NOT NULL REFERENCES origin,
	instance INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	site INTEGER REFERENCES site,
	stack INTEGER REFERENCES stack,
	thread INTEGER NOT NULL,
	segment INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	closes INTEGER NOT NULL,
	depth INTEGER NOT NULL,
	count INTEGER NOT NULL,			-- acquisitions
	contentions INTEGER,			-- NULL not counted
	PRIMARY KEY (run, id),
	FOREIGN KEY (run, chain) REFERENCES chain ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE dependency_stack (			-- of each held lock, newest 0
	run INTEGER NOT NULL,
	dependency INTEGER NOT NULL,
	position INTEGER NOT NULL,
	stack INTEGER NOT NULL REFERENCES stack,
	PRIMARY KEY (run, dependency, position),
	FOREIGN KEY (run, dependency) REFERENCES dependency ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE context (				-- another use of a dependency
	run INTEGER NOT NULL,
	at INTEGER NOT NULL,			-- where its record lies in the run file: its identity
	dependency INTEGER NOT NULL,
	chain INTEGER NOT NULL,
	instance INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	site INTEGER REFERENCES site,
	stack INTEGER REFERENCES stack,
	thread INTEGER NOT NULL,
	segment INTEGER NOT NULL,		-- first
	last_segment INTEGER NOT NULL,
	saturated INTEGER NOT NULL,		-- WIT_SATURATED_*
	PRIMARY KEY (run, at),
	FOREIGN KEY (run, dependency) REFERENCES dependency ON DELETE CASCADE,
	FOREIGN KEY (run, chain) REFERENCES chain ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE context_stack (
	run INTEGER NOT NULL,
	at INTEGER NOT NULL,
	position INTEGER NOT NULL,
	stack INTEGER NOT NULL REFERENCES stack,
	PRIMARY KEY (run, at, position),
	FOREIGN KEY (run, at) REFERENCES context ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE instance (				-- lives of locks of observed classes
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	instance INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	origin INTEGER NOT NULL REFERENCES origin,
	ended INTEGER NOT NULL,
	renewed INTEGER NOT NULL,
	stack INTEGER REFERENCES stack,		-- of allocation
	thread INTEGER NOT NULL,
	PRIMARY KEY (run, instance, generation, origin)
) WITHOUT ROWID;

CREATE TABLE alarm (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	id INTEGER NOT NULL,
	kind INTEGER NOT NULL,			-- enum wit_finding_kind
	thread INTEGER NOT NULL,
	dependency INTEGER NOT NULL,		-- 0: the rule has none
	stack INTEGER REFERENCES stack,
	PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE TABLE alarm_line (			-- 1st, 2nd, 3rd
	run INTEGER NOT NULL,
	alarm INTEGER NOT NULL,
	ordinal INTEGER NOT NULL,
	instance INTEGER NOT NULL,
	origin INTEGER NOT NULL REFERENCES origin,
	site INTEGER REFERENCES site,
	PRIMARY KEY (run, alarm, ordinal),
	FOREIGN KEY (run, alarm) REFERENCES alarm ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE alarm_edge (			-- the cycle, from the edge that closed it
	run INTEGER NOT NULL,
	alarm INTEGER NOT NULL,
	ordinal INTEGER NOT NULL,
	dependency INTEGER NOT NULL,
	position INTEGER NOT NULL,		-- of the held lock, newest 0
	PRIMARY KEY (run, alarm, ordinal),
	FOREIGN KEY (run, alarm) REFERENCES alarm ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE origin_count (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	origin INTEGER NOT NULL REFERENCES origin,
	acquisitions INTEGER NOT NULL,
	contentions INTEGER,
	instances INTEGER NOT NULL,
	PRIMARY KEY (run, origin)
) WITHOUT ROWID;
