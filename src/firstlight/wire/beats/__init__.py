"""The Lumberjack protocol of Beats and Logstash, versions 1 and 2."""
