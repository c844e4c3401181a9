import Foundation
import Testing

@testable import hookup_chat_server

@Suite struct ProcessMeasuresTests {
  @Test func `the system's files are read`() {
    #expect(ProcessMeasures.residentPages(statm: "24515 9213 1 2 3 4 5\n") == 9_213)
    let fields = (4...60).map(String.init).joined(separator: " ")
    // The name of a program may look like the end of itself.
    #expect(ProcessMeasures.startTicks(stat: "7 (a) S 1 (b)) S \(fields)\n") == 22)
    #expect(ProcessMeasures.bootSeconds(stat: "cpu 1 2\nbtime 1700000000\nprocesses 3\n") == 17e8)
  }

  @Test(arguments: ["", "7", "7 (a", "7 (a)", "7 (a) S 1 2", "btime x"])
  func `what is not there is left out`(_ text: String) {
    #expect(ProcessMeasures.startTicks(stat: text) == nil)
    #expect(ProcessMeasures.residentPages(statm: text)?.isNaN != true)
    #expect(ProcessMeasures.bootSeconds(stat: text) == nil)
    #expect(ProcessMeasures().prometheus == "")
  }

  @Test func `this process is as it is`() throws {
    let measures = ProcessMeasures.now()
    #expect(try #require(measures.residentBytes) > 1_048_576)
    #expect(try #require(measures.cpuSeconds) >= 0)
    #expect(try #require(measures.openFiles) >= 3)
    let age = Date().timeIntervalSince1970 - (try #require(measures.startSeconds))
    #expect((-2..<86_400).contains(age))
    #expect(measures.prometheus.contains("\nprocess_open_fds "))
  }

  @Test func `the store's files have their sizes, what is missing none`() throws {
    let directory = NSTemporaryDirectory() + "/hookup-files-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data(count: 1_234).write(to: URL(fileURLWithPath: directory + "/chat.sqlite"))
    let text = StoreFiles(directory: directory).prometheus
    #expect(text.contains("\nhookup_store_file_bytes{file=\"data\"} 1234\n"))
    #expect(!text.contains("wal"))
    #expect(text.contains("\nhookup_store_free_bytes "))
    #expect(StoreFiles(directory: directory + "/none").prometheus == "")
  }
}
