BEGIN TRANSACTION;
CREATE TABLE commands (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL, command TEXT NOT NULL, argument TEXT NOT NULL DEFAULT '', taken TEXT
) STRICT;
INSERT INTO "commands" VALUES(1,'a841','2026-11-23T17:45:36.575Z','pause','',NULL);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL, event TEXT NOT NULL, step TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'e348','2026-11-23T17:45:36.449Z','run.started','','{"at":"2026-11-23T17:45:36.449061Z","run":"e348","event":"run.started","detail":{"steps":3}}');
INSERT INTO "events" VALUES(2,'e348','2026-11-23T17:45:36.450Z','step.started','a','{"at":"2026-11-23T17:45:36.450340Z","run":"e348","event":"step.started","step":"a"}');
INSERT INTO "events" VALUES(3,'e348','2026-11-23T17:45:36.454Z','step.done','a','{"at":"2026-11-23T17:45:36.454692Z","run":"e348","event":"step.done","step":"a"}');
INSERT INTO "events" VALUES(4,'e348','2026-11-23T17:45:36.459Z','step.started','b','{"at":"2026-11-23T17:45:36.459947Z","run":"e348","event":"step.started","step":"b"}');
INSERT INTO "events" VALUES(5,'e348','2026-11-23T17:45:36.461Z','step.started','c','{"at":"2026-11-23T17:45:36.461074Z","run":"e348","event":"step.started","step":"c"}');
INSERT INTO "events" VALUES(6,'e348','2026-11-23T17:45:36.461Z','step.failed','b','{"at":"2026-11-23T17:45:36.461853Z","run":"e348","event":"step.failed","step":"b","detail":{"cause":{"code":"Broken","what":"It broke","means":"It is broken"},"repair":"Mend it"}}');
INSERT INTO "events" VALUES(7,'e348','2026-11-23T17:45:36.468Z','step.done','c','{"at":"2026-11-23T17:45:36.468807Z","run":"e348","event":"step.done","step":"c"}');
INSERT INTO "events" VALUES(8,'e348','2026-11-23T17:45:36.469Z','run.finished','','{"at":"2026-11-23T17:45:36.469706Z","run":"e348","event":"run.finished","detail":{"status":"failed"}}');
INSERT INTO "events" VALUES(9,'a841','2026-11-23T17:45:36.471Z','run.started','','{"at":"2026-11-23T17:45:36.471211Z","run":"a841","event":"run.started","detail":{"steps":2}}');
INSERT INTO "events" VALUES(10,'a841','2026-11-23T17:45:36.479Z','step.started','a','{"at":"2026-11-23T17:45:36.479852Z","run":"a841","event":"step.started","step":"a"}');
INSERT INTO "events" VALUES(11,'a841','2026-11-23T17:45:36.516Z','step.done','a','{"at":"2026-11-23T17:45:36.516101Z","run":"a841","event":"step.done","step":"a"}');
INSERT INTO "events" VALUES(12,'a841','2026-11-23T17:45:36.544Z','step.started','b','{"at":"2026-11-23T17:45:36.544374Z","run":"a841","event":"step.started","step":"b"}');
INSERT INTO "events" VALUES(13,'a841','2026-11-23T17:45:36.563Z','run.finished','','{"at":"2026-11-23T17:45:36.563806Z","run":"a841","event":"run.finished","detail":{"status":"interrupted"}}');
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created TEXT NOT NULL, cloud TEXT NOT NULL, caller TEXT NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, status TEXT NOT NULL, finished TEXT,
    plan TEXT NOT NULL
) STRICT;
INSERT INTO "runs" VALUES('e348','2026-11-23T17:45:36.448Z','Test','','vm',14600,'failed','2026-11-23T17:45:36.469Z','{"steps":[{"id":"a","kind":"test","title":"a","action":"create","target":"a","params":{},"needs":[],"irreversible":"","expected_s":0,"vault":"kv"},{"id":"b","kind":"test","title":"b","action":"create","target":"b","params":{},"needs":["a"],"irreversible":"","expected_s":0,"vault":""},{"id":"c","kind":"test","title":"c","action":"create","target":"c","params":{"writes":2},"needs":["a"],"irreversible":"","expected_s":0,"vault":""}],"purpose":"setup","subject":"","intent":{"kind":"workspace","subscription":"00000000-0000-0000-0000-000000000000","region":"westeurope","resource_group":"rg","vault":{"name":"kv","resource_group":"","create":false,"repair":true,"sku":"standard","access":"rbac","retention_days":90,"network":"public"},"key":{"name":"k","create":false,"version":"latest","type":"RSA","bits":3072,"not_before":null,"expires":null,"rotate_every":"","notify_before":"","tags":{}},"workspace":{"name":"mlw","encryption":"own-resources","identity":"system","hbi":false,"public_network":true,"storage":"new","insights":"new","secrets_vault":"new","registry":"none","description":""},"principals":{"cosmos_db":"","machine_learning":""},"tags":{},"cloud":"","tenant":""},"findings":[],"quota":[],"names":{},"caller":""}');
INSERT INTO "runs" VALUES('a841','2026-11-23T17:45:36.470Z','Test','','vm',14600,'interrupted','2026-11-23T17:45:36.559Z','{"steps":[{"id":"a","kind":"test","title":"a","action":"create","target":"a","params":{},"needs":[],"irreversible":"","expected_s":0,"vault":""},{"id":"b","kind":"test","title":"b","action":"create","target":"b","params":{},"needs":["a"],"irreversible":"","expected_s":0,"vault":""}],"purpose":"setup","subject":"","intent":{"kind":"workspace","subscription":"00000000-0000-0000-0000-000000000000","region":"westeurope","resource_group":"rg","vault":{"name":"kv","resource_group":"","create":false,"repair":true,"sku":"standard","access":"rbac","retention_days":90,"network":"public"},"key":{"name":"k","create":false,"version":"latest","type":"RSA","bits":3072,"not_before":null,"expires":null,"rotate_every":"","notify_before":"","tags":{}},"workspace":{"name":"mlw","encryption":"own-resources","identity":"system","hbi":false,"public_network":true,"storage":"new","insights":"new","secrets_vault":"new","registry":"none","description":""},"principals":{"cosmos_db":"","machine_learning":""},"tags":{},"cloud":"","tenant":""},"findings":[],"quota":[],"names":{},"caller":""}');
CREATE TABLE steps (
    run TEXT NOT NULL REFERENCES runs (id), id TEXT NOT NULL, position INTEGER NOT NULL,
    kind TEXT NOT NULL, status TEXT NOT NULL, started TEXT, finished TEXT,
    result TEXT NOT NULL DEFAULT '{}', error TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (run, id)
) STRICT;
INSERT INTO "steps" VALUES('e348','a',0,'test','done','2026-11-23T17:45:36.449Z','2026-11-23T17:45:36.454Z','{"made":"a"}','{}');
INSERT INTO "steps" VALUES('e348','b',1,'test','failed','2026-11-23T17:45:36.455Z','2026-11-23T17:45:36.460Z','{}','{"cause":{"code":"Broken","what":"It broke","means":"It is broken"},"repair":"Mend it"}');
INSERT INTO "steps" VALUES('e348','c',2,'test','done','2026-11-23T17:45:36.455Z','2026-11-23T17:45:36.468Z','{"made":"c"}','{}');
INSERT INTO "steps" VALUES('a841','a',0,'test','done','2026-11-23T17:45:36.475Z','2026-11-23T17:45:36.506Z','{"made":"a"}','{}');
INSERT INTO "steps" VALUES('a841','b',1,'test','pending','2026-11-23T17:45:36.535Z',NULL,'{}','{}');
CREATE TABLE writes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    step TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, body_sha256 TEXT NOT NULL,
    client_request_id TEXT NOT NULL, sent TEXT NOT NULL, answered TEXT, status INTEGER,
    request_id TEXT NOT NULL DEFAULT '', operation TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "writes" VALUES(1,'e348','a','PUT','/a','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','a-0','2026-11-23T17:45:36.450Z','2026-11-23T17:45:36.453Z',200,'','','');
INSERT INTO "writes" VALUES(2,'e348','c','PUT','/c','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','c-0','2026-11-23T17:45:36.461Z','2026-11-23T17:45:36.464Z',200,'','','');
INSERT INTO "writes" VALUES(3,'e348','c','PUT','/c','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','c-1','2026-11-23T17:45:36.465Z','2026-11-23T17:45:36.467Z',200,'','','');
INSERT INTO "writes" VALUES(4,'a841','a','PUT','/a','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','a-0','2026-11-23T17:45:36.491Z','2026-11-23T17:45:36.502Z',200,'','','');
CREATE INDEX writes_of_run ON writes (run, seq);
CREATE INDEX events_of_run ON events (run, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',13);
INSERT INTO "sqlite_sequence" VALUES('writes',4);
INSERT INTO "sqlite_sequence" VALUES('commands',1);
COMMIT;
PRAGMA user_version = 1;
