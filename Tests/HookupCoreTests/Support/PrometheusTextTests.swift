import HookupCore
import Testing

@Suite struct PrometheusTextTests {
  @Test func `measurements are written as the format has them`() {
    var text = PrometheusText()
    text.add("a_total", .counter, "How many.", 3)
    text.add("b", .gauge, "By kind.", by: "kind", ["y": 0.5, "x\"\\\n": -1])
    text.add("c", .gauge, "None.", by: "kind", [:])
    var counts = BucketCounts(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 7] { counts.add(value) }
    text.add("d_seconds", "How long.", counts)
    #expect(
      text.text == """
        # HELP a_total How many.
        # TYPE a_total counter
        a_total 3
        # HELP b By kind.
        # TYPE b gauge
        b{kind="x\\"\\\\\\n"} -1
        b{kind="y"} 0.5
        # HELP d_seconds How long.
        # TYPE d_seconds histogram
        d_seconds_bucket{le="0.1"} 2
        d_seconds_bucket{le="1"} 3
        d_seconds_bucket{le="+Inf"} 4
        d_seconds_sum 7.65
        d_seconds_count 4

        """)
  }

  @Test func `numbers that are none have their names`() {
    var text = PrometheusText()
    text.add("a", .gauge, "x", .nan)
    text.add("b", .gauge, "x", -.infinity)
    #expect(text.text.contains("\na NaN\n") && text.text.contains("\nb -Inf\n"))
  }
}
