// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

func example(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["HookupEngine"], path: "Sources/Examples/\(name)",
    swiftSettings: strict)
}

let package = Package(
  name: "hookup",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "HookupEngine", targets: ["HookupEngine"]),
    .library(name: "HookupSQLite", targets: ["HookupSQLite"]),
    .executable(name: "hookup-chat", targets: ["hookup-chat"]),
    .executable(name: "hookup-chat-server", targets: ["hookup-chat-server"]),
    .executable(name: "hookup-bench", targets: ["hookup-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // The pure core: every decision, no I/O.
    .target(name: "HookupCore", dependencies: ["CZlib", nioCore], swiftSettings: strict),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
    // The module people import: client, server, chat.
    .target(
      name: "HookupEngine",
      dependencies: [
        "HookupCore", "CCrypt", nioCore, nioPosix, logging,
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    // The embedded store, the default back end of the chat server.
    .target(
      name: "HookupSQLite",
      dependencies: [
        "HookupEngine", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    // The screen as a value: no terminal, no engine.
    .target(name: "HookupTUI", dependencies: ["HookupCore"], swiftSettings: strict),
    // The whole of a session in virtual time, with everything that can go wrong, from one seed.
    .target(
      name: "HookupSimulation", dependencies: ["HookupCore", nioCore], swiftSettings: strict),
    // How both programs read their configuration files.
    .target(
      name: "HookupConfiguration",
      dependencies: ["HookupCore", .product(name: "TOMLKit", package: "TOMLKit")],
      swiftSettings: strict),
    // Man pages from what a program knows of itself.
    .target(name: "HookupManual", dependencies: ["HookupCore"], swiftSettings: strict),
    .systemLibrary(name: "CNcursesw", providers: [.apt(["libncursesw5-dev"])]),

    .executableTarget(
      name: "hookup-chat",
      dependencies: [
        "HookupTUI", "HookupEngine", "HookupSQLite", "HookupConfiguration", "HookupManual",
        "CNcursesw", argumentParser, logging,
        .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      // What --print-config prints.
      resources: [.embedInCode("hookup-chat.toml")],
      swiftSettings: strict),
    .executableTarget(
      name: "hookup-chat-server",
      dependencies: [
        "HookupEngine", "HookupSQLite", "HookupConfiguration", "HookupManual", argumentParser,
        .product(name: "TOMLKit", package: "TOMLKit"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      // What --print-config prints.
      resources: [.embedInCode("hookup-chat-server.toml")],
      swiftSettings: strict),

    // The load generator, and the servers it is measured against.
    .executableTarget(
      name: "hookup-bench",
      dependencies: [
        "HookupEngine", "HookupSQLite", "HookupCore", "HookupSimulation", argumentParser, logging,
        nioCore, nioPosix,
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: strict),

    example("echo-server"), example("echo-client"), example("print-all-events"),
    example("pubsub-server"), example("pubsub-client"), example("smallest-chat"),

    // Writes to an outbox until a test kills it.
    .executableTarget(
      name: "outbox-crash-writer", dependencies: ["HookupEngine", "HookupCore", nioCore],
      path: "Tests/Support/outbox-crash-writer", swiftSettings: strict),
    // The same with a store.
    .executableTarget(
      name: "store-crash-writer", dependencies: ["HookupEngine", "HookupSQLite"],
      path: "Tests/Support/store-crash-writer", swiftSettings: strict),
    // And with a client's history.
    .executableTarget(
      name: "history-crash-writer", dependencies: ["HookupEngine", "HookupSQLite"],
      path: "Tests/Support/history-crash-writer", swiftSettings: strict),

    .testTarget(name: "HookupCoreTests", dependencies: ["HookupCore"], swiftSettings: strict),
    .testTarget(
      name: "HookupSimulationTests", dependencies: ["HookupSimulation", "HookupCore"],
      swiftSettings: strict),
    .testTarget(
      name: "HookupEngineTests",
      dependencies: [
        "HookupEngine", "outbox-crash-writer", nioPosix,
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "HookupTUITests", dependencies: ["HookupTUI"], exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "HookupStoreTests",
      dependencies: [
        "HookupEngine", "HookupCore", "HookupSQLite", "store-crash-writer", "history-crash-writer",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ChatEndToEndTests",
      dependencies: [
        "HookupEngine", "HookupConfiguration", "HookupManual", "hookup-chat", "hookup-chat-server",
        "hookup-bench", "echo-server",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "HookupBenchTests",
      dependencies: [
        "hookup-bench", "hookup-chat", "hookup-chat-server", "HookupEngine", argumentParser,
        nioCore, nioPosix,
      ],
      swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", swiftSettings: strict),
  ]
)
