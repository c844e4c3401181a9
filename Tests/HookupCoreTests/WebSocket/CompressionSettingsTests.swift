import Testing

@testable import HookupCore

@Suite struct CompressionSettingsTests {
  @Test func `values outside a range count as the nearest`() {
    var settings = CompressionSettings()
    #expect(settings.clamped == settings)
    settings.level = 0
    settings.windowBits = 8
    settings.memoryLevel = 10
    settings.minimumBytes = -1
    let clamped = settings.clamped
    #expect(clamped.level == 1)
    #expect(clamped.windowBits == 9)
    #expect(clamped.memoryLevel == 9)
    #expect(clamped.minimumBytes == 0)
    settings.level = .max
    settings.windowBits = .max
    #expect(settings.clamped.level == 9)
    #expect(settings.clamped.windowBits == 15)
  }
}
