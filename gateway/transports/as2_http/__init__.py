"""AS2 over HTTP: the thin ends around `gateway.transports.as2`.

`sending.Sender` posts messages and takes receipts; `reception.Reception` takes messages and answers;
`server.application` puts it behind one URL. What must survive a crash lies in folders that change by one rename:
`store.Store`.
"""
