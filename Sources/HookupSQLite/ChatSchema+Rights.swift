/// The third version of the tables.
extension ChatSchema {
  /// - room.state: the JSON of a ``RoomState``, or '' for the plain one. room.access: 0 open, 1 by invitation, 2 hidden, as in the
  ///   state. room.direct: 1 for a conversation.
  /// - participant: who is in a direct conversation. member: who is a member of a room, as in the state.
  /// - entry.account: whether the sender was logged in. entry.ref: the entry that it is about. entry.detail: the JSON of what
  ///   else it holds, or NULL. entry.current: the text as it was edited. entry.edited, deleted: the offsets of the entries that
  ///   did so; an edit of a message that was deleted has that, too.
  /// - reaction, mark: turn rises with each.
  /// - search: the words of messages that stand. rowid: 2^39 · room.id + entry.offset.
  /// - account.folded, skeleton: see `NickRules`. device.token: SHA-256 of a secret.
  static let third = """
    DROP INDEX room_low;
    DROP INDEX room_high;
    CREATE TABLE participant (
      person TEXT NOT NULL COLLATE swiftCompare,
      room INTEGER NOT NULL REFERENCES room (id),
      PRIMARY KEY (person, room)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO participant (person, room)
      SELECT low, id FROM room WHERE low IS NOT NULL
      UNION SELECT high, id FROM room WHERE high IS NOT NULL;
    ALTER TABLE room ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;
    UPDATE room SET direct = 1 WHERE low IS NOT NULL;
    ALTER TABLE room DROP COLUMN low;
    ALTER TABLE room DROP COLUMN high;
    ALTER TABLE room ADD COLUMN state ANY NOT NULL DEFAULT '';
    ALTER TABLE room ADD COLUMN access INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX room_direct ON room (direct);
    CREATE TABLE member (
      person TEXT NOT NULL COLLATE swiftCompare,
      room INTEGER NOT NULL REFERENCES room (id),
      PRIMARY KEY (person, room)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE entry ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entry ADD COLUMN ref INTEGER;
    ALTER TABLE entry ADD COLUMN detail ANY;
    ALTER TABLE entry ADD COLUMN current ANY;
    ALTER TABLE entry ADD COLUMN edited INTEGER;
    ALTER TABLE entry ADD COLUMN deleted INTEGER;
    CREATE INDEX entry_edits ON entry (room, ref) WHERE kind = 3;
    CREATE TABLE reaction (
      room INTEGER NOT NULL REFERENCES room (id),
      offset INTEGER NOT NULL,
      text ANY NOT NULL,
      person TEXT NOT NULL COLLATE swiftCompare,
      nick TEXT NOT NULL,
      turn INTEGER NOT NULL,
      PRIMARY KEY (room, offset, text, person)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE mark (
      person TEXT NOT NULL COLLATE swiftCompare,
      room INTEGER NOT NULL REFERENCES room (id),
      offset INTEGER NOT NULL,
      turn INTEGER NOT NULL,
      PRIMARY KEY (person, room)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX mark_turn ON mark (person, turn);
    CREATE VIRTUAL TABLE search USING fts5(
      text, content = '', tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
    INSERT INTO search (rowid, text)
      SELECT room * 549755813888 + offset, CAST(text AS TEXT) FROM entry WHERE kind = 0;
    CREATE TABLE account (
      id INTEGER PRIMARY KEY,
      folded TEXT NOT NULL COLLATE swiftCompare UNIQUE,
      nick TEXT NOT NULL,
      skeleton TEXT NOT NULL COLLATE swiftCompare UNIQUE,
      hash TEXT NOT NULL,
      created INTEGER NOT NULL,
      seen INTEGER NOT NULL,
      operator INTEGER NOT NULL DEFAULT 0,
      disabled TEXT
    ) STRICT;
    CREATE TABLE device (
      id TEXT NOT NULL PRIMARY KEY,
      account INTEGER NOT NULL REFERENCES account (id),
      name ANY NOT NULL,
      token TEXT NOT NULL,
      created INTEGER NOT NULL,
      seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX device_account ON device (account);
    """
}
