import HookupEngine
import Testing

/// What every chat store promises of sessions, on every store.
@Suite struct SessionCursorContractTests {
  static let ada = SessionID(high: 1, low: 2)

  static func cursor(
    _ number: UInt64, tag: UInt64 = 9, connection: UInt64 = 1, epoch: UInt64 = .max,
    of client: SessionID = ada, refused: [(UInt64, String)] = []
  ) -> SessionCursor {
    SessionCursor(
      client: client, epoch: epoch, committed: number, tag: tag, connection: connection,
      refusals: refused.map { SessionRefusal(sequence: $0.0, reason: $0.1) })
  }

  func entry(_ text: String, _ number: UInt64, in room: String = "ops") throws -> RoomChange {
    var append = try alice.says(text, id: "n\(number)", in: room)
    append.cursor = Self.cursor(number, tag: number)
    return .append(append)
  }

  @Test(arguments: BackEnd.allCases)
  func `a numbering never seen is known not to have been seen`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let memory = try await store.recall(of: Self.ada, epoch: 3)
      #expect(memory == SessionMemory(.nothing))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `the newest cursor is remembered, and a lower one changes nothing`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      try await store.commit([Self.cursor(4, tag: .max, connection: 7), Self.cursor(3, tag: 5)])
      try await store.commit([Self.cursor(2)])
      let memory = SessionMemory(.committed(4, tag: .max), lastConnection: 7)
      #expect(try await store.recall(of: Self.ada, epoch: .max) == memory)
      #expect(
        try await store.recall(of: Self.ada, epoch: 1)
          == SessionMemory(.superseded, lastConnection: 7)
      )
      #expect(
        try await store.recall(of: SessionID(high: 2, low: 1), epoch: .max)
          == SessionMemory(.nothing))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an entry commits its cursor with it`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let outcomes = try await store.append(
        [try entry("a", 1), .cursor(Self.cursor(2)), try entry("b", 3)], milliseconds: 5)
      #expect(outcomes == [.stored(offset: 1), .passed, .stored(offset: 2)])
      #expect(
        try await store.recall(of: Self.ada, epoch: .max).what == .committed(3, tag: 3))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an entry whose number is committed has no second effect`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let key = try alice.says("", id: "x").key
      _ = try await store.append(
        [entry("a", 1), .cursor(Self.cursor(2, refused: [(2, "no")]))], milliseconds: 5)
      // In a later call, and after an earlier change of the same call.
      let outcomes = try await store.append(
        [entry("a", 1), entry("b", 2), .cursor(Self.cursor(3)), entry("c", 3), entry("d", 4)],
        milliseconds: 6)
      #expect(
        outcomes == [
          .duplicate(key: key, offset: 1, milliseconds: 5), .passed, .passed, .passed,
          .stored(offset: 2),
        ])
      #expect(try await store.read("ops", .after(0)).entries.map(\.text) == ["a", "d"])
      #expect(
        try await store.recall(of: Self.ada, epoch: .max)
          == SessionMemory(
            .committed(4, tag: 4), lastConnection: 1,
            refusals: [SessionRefusal(sequence: 2, reason: "no")]))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an entry that the store refuses is remembered as refused`(_ backEnd: BackEnd) async throws {
    var limits = ChatStoreLimits()
    limits.maximumRooms = 1
    try await backEnd.withStore(limits: limits) { store in
      _ = try await store.append([entry("a", 1)], milliseconds: 5)
      var elsewhere = try alice.says("a", id: "n1", in: "ops2")
      elsewhere.cursor = Self.cursor(3)
      let outcomes = try await store.append(
        [entry("b", 2, in: "dev"), .append(elsewhere)], milliseconds: 5)
      #expect(outcomes.first == .tooManyRooms(limit: 1))
      let memory = try await store.recall(of: Self.ada, epoch: .max)
      #expect(memory.what == .committed(3, tag: 9))
      #expect(memory.refusals.map(\.sequence) == [2, 3])
      #expect(memory.refusals.first?.reason.contains("holds 1 rooms") == true)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `refusals gather, and those that were surely heard go`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.commit([Self.cursor(1, refused: [(1, "one")])])
      try await store.commit([
        Self.cursor(2, refused: [(2, "two")]), Self.cursor(2, refused: [(2, "again")]),
      ])
      try await store.commit([Self.cursor(3), Self.cursor(1_024)])
      let both = try await store.recall(of: Self.ada, epoch: .max).refusals
      #expect(
        both == [
          SessionRefusal(sequence: 1, reason: "one"), SessionRefusal(sequence: 2, reason: "two"),
        ])
      try await store.commit([Self.cursor(1_025)])
      #expect(
        try await store.recall(of: Self.ada, epoch: .max).refusals.map(\.sequence) == [2])
      try await store.commit([Self.cursor(1_030, refused: [(1_030, "z\0z")])])
      #expect(
        try await store.recall(of: Self.ada, epoch: .max).refusals
          == [SessionRefusal(sequence: 1_030, reason: "z\0z")])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `of very many clients those heard last are remembered, the others are not known to be new`(
    _ backEnd: BackEnd
  ) async throws {
    var limits = ChatStoreLimits()
    limits.maximumSessions = 16
    try await backEnd.withStore(limits: limits) { store in
      for number in 1...17 as ClosedRange<UInt64> {
        try await store.commit([Self.cursor(1, of: SessionID(high: 0, low: number))])
      }
      let last = try await store.recall(of: SessionID(high: 0, low: 17), epoch: .max)
      #expect(last.what == .committed(1, tag: 9))
      let first = try await store.recall(of: SessionID(high: 0, low: 1), epoch: .max)
      #expect(first.what == .unknown)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `of a client's numberings the last is known, and an earlier one comes from a backup`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      for count in 1...9 as ClosedRange<UInt64> {
        try await store.commit([Self.cursor(5, connection: 10 - count, epoch: count << 32)])
      }
      for count in 1...8 as ClosedRange<UInt64> {
        let known = try await store.recall(of: Self.ada, epoch: count << 32)
        #expect(known.what == .superseded)
      }
      #expect(try await store.recall(of: Self.ada, epoch: 9 << 32 | 1).what == .superseded)
      #expect(
        try await store.recall(of: Self.ada, epoch: 9 << 32).what == .committed(5, tag: 9))
      #expect(try await store.recall(of: Self.ada, epoch: 10 << 32).what == .nothing)
      #expect(try await store.recall(of: SessionID(high: 9, low: 9), epoch: 1).what == .nothing)
    }
  }
}
