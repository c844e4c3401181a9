/// A value that is seldom there: kept in memory of its own when it is, so that its absence costs a pointer.
@propertyWrapper
package struct OutOfLine<Value: Sendable>: Sendable {
  private indirect enum Storage: Sendable {
    case none
    case some(Value)
  }

  private var storage = Storage.none

  package init(wrappedValue: Value?) {
    self.wrappedValue = wrappedValue
  }

  package var wrappedValue: Value? {
    get { if case .some(let value) = storage { value } else { nil } }
    set { storage = newValue.map { .some($0) } ?? .none }
  }
}
