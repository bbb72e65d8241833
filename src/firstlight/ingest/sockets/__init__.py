"""Log shippers that speak over sockets of their own, beside HTTP: Beats, Logstash, syslog, GELF, Fluentd."""
