"""What every adapter promises, written once. An adapter's test inherits it in a few lines:

    class TestContract(GitContract):
        @contextmanager
        def vendor(self, tmp_path): ...          a fake of the vendor before `self.history(tmp_path)`
        def open(self, vendor, patience): ...    the source before that fake

pytest collects the inherited tests; what a vendor does differently is a class variable, not a copied test.
"""
