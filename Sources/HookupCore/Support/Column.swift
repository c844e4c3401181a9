/// One property of the numbers of a ``PackedQueue`` block: a single value as long as it is the same for all of them, else one
/// for each.
package struct Column<Value: Equatable & Sendable>: Sendable {
  /// What all slots hold, as long as `values` is empty.
  private let common: Value
  private var values: [Value] = []

  /// All slots hold `value`.
  package init(_ value: Value) { common = value }

  /// - Parameter slot: 0..<64.
  package subscript(slot: Int) -> Value {
    get { values.isEmpty ? common : values[slot] }
    set {
      if values.isEmpty {
        guard newValue != common else { return }
        values = Array(repeating: common, count: 64)
      }
      values[slot] = newValue
    }
  }
}
