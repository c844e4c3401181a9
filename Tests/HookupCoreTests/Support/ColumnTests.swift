import Testing

@testable import HookupCore

@Suite struct ColumnTests {
  @Test func `a column that is alike throughout gives its one value for every slot`() {
    var column = Column(7)
    column[5] = 7
    #expect((0..<64).allSatisfy { column[$0] == 7 })
  }

  @Test func `a slot of its own leaves the others as they were`() {
    var column = Column(7)
    column[0] = 1
    column[63] = 2
    column[9] = 3
    column[9] = 7
    #expect((0..<64).map { column[$0] } == [1] + Array(repeating: 7, count: 62) + [2])
  }

  @Test func `a copy does not change with its original`() {
    var column = Column(7)
    column[1] = 1
    let copy = column
    column[1] = 2
    #expect(copy[1] == 1)
    #expect(column[1] == 2)
  }
}
